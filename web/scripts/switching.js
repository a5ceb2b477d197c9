// A shared device: choosing a name leads to the PIN, six digits go on by themselves, and nobody leaves it open.

const SAVING = 1500; // a draft is posted a moment after the last key; leave it the time

// By pointer only: who goes through the names by the arrow keys stays among them.
function chosen(event) {
  const form = event.target.closest?.("[data-switch]");
  if (form && event.detail && event.target.closest(".choice")) setTimeout(() => form.elements.pin.focus());
}

function typed(event) {
  const form = event.target.closest?.("[data-switch]");
  if (!form || event.target.name !== "pin" || event.target.value.length < 6) return;
  if (form.querySelector("[name=person]:checked")) form.requestSubmit();
}

function watch() {
  const form = document.querySelector("form[data-lock-after]");
  if (!form) return;
  const after = Number(form.dataset.lockAfter) * 1000;
  if (!after) return;
  let timer;
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!navigator.onLine) return again(); // what could not be sent yet stays with whoever typed it
      sessionStorage.clear();
      form.submit();
    }, Math.max(after, SAVING));
  };
  for (const sign of ["pointerdown", "keydown", "input", "scroll"]) document.addEventListener(sign, again, { passive: true });
  again();
}

document.addEventListener("click", chosen);
document.addEventListener("input", typed);
document.addEventListener("DOMContentLoaded", watch);
// What the browser kept of a page is asked for anew: the person may be another one now.
window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
