// A form is sent once however often its button is pressed, and a risky one asks first.

const PATIENCE = 15000; // after this the button answers again: the network may have lost the first try

function guard(event) {
  const form = event.target;
  if (form.dataset.ask && !form.dataset.asked) {
    event.preventDefault();
    ask(form, event.submitter);
    return;
  }
  if (!form.matches("[data-once]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
  const buttons = [...form.querySelectorAll("button")];
  // Not at once: a disabled button would not be posted with its name.
  setTimeout(() => buttons.forEach((button) => button.setAttribute("aria-disabled", "true")));
  setTimeout(() => release(form), PATIENCE);
  form.dispatchEvent(new CustomEvent("form:submitted"));
}

function release(form) {
  delete form.dataset.sent;
  delete form.dataset.asked;
  form.removeAttribute("aria-busy");
  form.querySelectorAll("button").forEach((button) => button.removeAttribute("aria-disabled"));
  form.dispatchEvent(new CustomEvent("form:released"));
}

function ask(form, submitter) {
  const sheet = document.querySelector("[data-ask-sheet]");
  sheet.querySelector("[data-ask-text]").textContent = form.dataset.ask;
  sheet.returnValue = "no";
  sheet.showModal();
  sheet.addEventListener("close", () => {
    if (sheet.returnValue !== "yes") return;
    form.dataset.asked = "yes";
    form.requestSubmit(submitter && form.contains(submitter) ? submitter : undefined);
  }, { once: true });
}

document.addEventListener("submit", guard);
// Back from the next page, the browser shows this one as it was left: its buttons must work.
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));
