// Code fields: a scanner that types like a keyboard ends with Enter; the camera helps where the browser reads codes.

const FORMATS = ["qr_code", "data_matrix", "code_128", "ean_13"];
const PAUSE = 150;

async function readers() {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return null;
  const known = await window.BarcodeDetector.getSupportedFormats();
  const formats = FORMATS.filter((format) => known.includes(format));
  return formats.length ? new window.BarcodeDetector({ formats }) : null;
}

async function begin(place, detector) {
  const field = place.querySelector("input");
  const around = place.matches("form") ? place : place.closest(".field");
  const button = place.querySelector("[data-camera]");
  const sheet = around.querySelector("[data-camera-sheet]");
  if (!detector || !button || !sheet) return;
  button.hidden = false;
  button.addEventListener("click", () => look(sheet, detector, around.querySelector("[data-camera-fault]"), (code) => {
    field.value = code;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    if (place.matches("form")) place.requestSubmit();
    else field.focus();
  }));
}

async function look(sheet, detector, fault, found) {
  const view = sheet.querySelector("[data-camera-view]");
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    fault.hidden = false;
    return;
  }
  fault.hidden = true;
  view.srcObject = stream;
  sheet.showModal();
  await view.play();
  sheet.addEventListener("close", () => stream.getTracks().forEach((track) => track.stop()), { once: true });
  while (sheet.open) {
    const [code] = await detector.detect(view).catch(() => []);
    if (code?.rawValue) {
      sheet.close();
      found(code.rawValue);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

// A field inside a form: Enter from a scanner goes to the next field instead of submitting half a form.
function enter(event) {
  const field = event.target;
  if (event.key !== "Enter" || event.ctrlKey || event.metaKey || !field.closest?.("[data-scan-field]")) return;
  event.preventDefault();
  const fields = [...field.form.querySelectorAll("input:not([type=hidden]), select, textarea")];
  fields[fields.indexOf(field) + 1]?.focus();
}

document.addEventListener("keydown", enter);
document.addEventListener("DOMContentLoaded", async () => {
  const places = document.querySelectorAll("form[data-scan], [data-scan-field]");
  if (!places.length) return;
  const detector = await readers().catch(() => null);
  places.forEach((place) => begin(place, detector));
  document.querySelectorAll("[data-camera-close]").forEach((button) =>
    button.addEventListener("click", () => button.closest("dialog").close()));
});
