// Small comforts of the frame: theme, menu, messages that leave, focus on what needs it.

const THEME = "tiemchung_theme";
const YEAR = 31536000;

function switchTheme(event) {
  event.preventDefault();
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const theme = dark ? "light" : "dark";
  root.dataset.theme = theme;
  document.cookie = `${THEME}=${theme}; path=/; max-age=${YEAR}; samesite=lax`;
}

function closeMenus(event) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (event.type === "keydown" ? event.key === "Escape" : !menu.contains(event.target)) {
      menu.open = false;
      if (event.type === "keydown") menu.querySelector("summary").focus();
    }
  }
}

function leave(toast) {
  const time = Math.max(5000, toast.textContent.trim().length * 80);
  setTimeout(() => toast.remove(), time);
}

function settle() {
  document.querySelectorAll("[data-without-scripts]").forEach((part) => { part.hidden = true; });
  document.querySelectorAll("[data-toast]:not([data-leaving])").forEach((toast) => {
    if (!toast.closest("#toasts")) return;
    toast.dataset.leaving = "yes";
    leave(toast);
  });
  const wanted = document.querySelector("[data-focus]:not([data-focused])");
  if (wanted) {
    wanted.dataset.focused = "yes";
    wanted.focus();
  }
}

// A link of the summary of faults leads to the control, and focuses it.
function lead(event) {
  const link = event.target.closest(".summary a[href^='#']");
  const control = link && document.getElementById(link.hash.slice(1));
  if (!control) return;
  event.preventDefault();
  control.scrollIntoView({ block: "center" });
  control.focus({ preventScroll: true });
}

document.addEventListener("submit", (event) => event.target.matches("[data-theme-form]") && switchTheme(event));
document.addEventListener("click", closeMenus);
document.addEventListener("keydown", closeMenus);
document.addEventListener("click", lead);
document.addEventListener("DOMContentLoaded", settle);
document.addEventListener("htmx:after:swap", settle);
document.addEventListener("htmx:before:request", () => document.getElementById("loading")?.classList.add("htmx-request"));
document.addEventListener("htmx:finally:request", () => document.getElementById("loading")?.classList.remove("htmx-request"));
