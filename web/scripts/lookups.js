// A field that looks something up: what is typed is asked of the server, a choice fills the field.

const PAUSE = 300;
const timers = new WeakMap();

function typed(event) {
  const place = event.target.closest?.("[data-lookup]");
  if (!place || !event.target.matches("input") || event.target.value === place.dataset.chosen) return;
  clearTimeout(timers.get(place));
  timers.set(place, setTimeout(() => ask(place, event.target), PAUSE));
}

async function ask(place, field) {
  const found = place.querySelector("[data-found]");
  const text = field.value.trim();
  if (text.length < 2) return found.replaceChildren();
  try {
    // Posted, not asked for by address: what is typed here may be a name, and addresses are kept in logs.
    const body = new URLSearchParams({ text, csrf: field.form.elements.csrf?.value || "" });
    const answer = await fetch(found.dataset.address, { method: "POST", body, headers: { "HX-Request": "true" }, credentials: "same-origin" });
    if (answer.ok && field.value.trim() === text) found.innerHTML = await answer.text();
  } catch {
    found.replaceChildren(); // offline: what was typed stays, the server judges it later
  }
}

function choose(event) {
  const button = event.target.closest?.("[data-lookup] [data-choose]");
  if (!button) return;
  const place = button.closest("[data-lookup]");
  const field = place.querySelector("input");
  field.value = place.dataset.chosen = button.dataset.choose;
  const note = document.createElement("p");
  note.className = "help";
  note.textContent = button.dataset.label || button.textContent.trim();
  place.querySelector("[data-found]").replaceChildren(note);
  field.dispatchEvent(new Event("input", { bubbles: true })); // a choice is kept as a draft like what is typed
  field.focus();
}

document.addEventListener("input", typed);
document.addEventListener("click", choose);
