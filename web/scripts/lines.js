// Typing line after line: once a line is entered, the first box of the next one has the focus.

function next() {
  const line = document.querySelector(".line-form:not([data-begun])");
  if (!line) return;
  line.dataset.begun = "yes";
  const first = line.querySelector("[autofocus]");
  const empty = [...line.querySelectorAll(".line-columns input.input")].find((box) => !box.value);
  const wanted = line.querySelector("[aria-invalid]") || (first && !first.value ? first : empty) || first;
  wanted?.focus();
  if (wanted?.matches("input")) wanted.select?.();
}

document.addEventListener("DOMContentLoaded", next);
document.addEventListener("htmx:after:swap", next);
