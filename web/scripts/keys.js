// Keyboard shortcuts, listed in the help dialog: / to the code field, n next, Ctrl+Enter submit, ? help.

function isTyping(target) {
  return target.closest("input, textarea, select, [contenteditable], dialog[open]") !== null;
}

function press(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const form = event.target.closest("form[data-form]") || document.querySelector("form[data-form]");
    if (form) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("[data-submit]") || undefined);
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (event.key === "/") reach(event, document.querySelector("#scan, [data-scan-field] input"));
  if (event.key === "n") follow(event, document.querySelector("[data-next]"));
  if (event.key === "?") open(event);
}

function reach(event, field) {
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
}

function follow(event, way) {
  if (!way) return;
  event.preventDefault();
  way.click();
}

function open(event) {
  event?.preventDefault();
  document.querySelector("dialog[data-keys]")?.showModal();
}

document.addEventListener("keydown", press);
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-open-keys]")) {
    button.hidden = false;
    button.addEventListener("click", () => open());
  }
});
