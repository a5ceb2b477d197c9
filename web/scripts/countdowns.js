// Countdowns: what is left, once a second, from the moments the server gave.

function two(number) {
  return String(number).padStart(2, "0");
}

function tick(place) {
  const total = Number(place.dataset.total) * 1000;
  const left = new Date(place.dataset.countdown) - Date.now();
  const text = place.querySelector("[data-left]");
  const track = place.querySelector("[data-track]");
  if (track && total > 0) track.value = Math.min(100, Math.max(0, 100 * (1 - left / total)));
  if (left <= 0) {
    text.textContent = place.dataset.over;
    text.classList.add("is-over");
    return;
  }
  const seconds = Math.ceil(left / 1000);
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
  text.textContent = hours ? `${hours}:${rest}` : rest;
}

function turn() {
  document.querySelectorAll("[data-countdown]").forEach(tick);
}

document.addEventListener("DOMContentLoaded", () => {
  turn();
  setInterval(turn, 1000);
});
document.addEventListener("htmx:after:swap", turn);
