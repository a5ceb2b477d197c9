// Keeps what is typed: a draft is posted a moment after each change, and the questions are shown again
// as the server now asks them. While there is no network the words stay in this tab's own storage.
// The server decides which questions are asked; nothing of that is decided here.

const TYPING = 900;
const CHOOSING = 120;
const AGAIN = 8000;

class Draft {
  constructor(form) {
    this.form = form;
    this.address = form.dataset.draft;
    this.key = `draft:${this.address}`;
    this.state = form.querySelector("[data-draft-state]");
    this.edits = 0;
    this.sent = 0;
    this.busy = false;
    form.addEventListener("input", (event) => this.edited(isTyped(event.target) ? TYPING : CHOOSING));
    form.addEventListener("click", (event) => this.pressed(event));
    form.addEventListener("form:submitted", () => this.submitted());
    form.addEventListener("form:released", () => { this.isSubmitted = false; });
    window.addEventListener("online", () => this.save());
    window.addEventListener("pagehide", () => this.leave());
    this.restore();
  }

  // The words travel with the form now: a draft cut off by leaving the page is not one to keep.
  submitted() {
    this.isSubmitted = true;
    clearTimeout(this.timer);
    sessionStorage.removeItem(this.key);
  }

  edited(delay) {
    this.edits += 1;
    this.show("unsaved");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), delay);
  }

  // The buttons of a list ask for the form again instead of submitting it.
  pressed(event) {
    const button = event.target.closest("button[data-ask-again]");
    if (!button) return;
    event.preventDefault();
    this.edits += 1;
    this.save(button);
  }

  words(button) {
    const body = new URLSearchParams(new FormData(this.form));
    if (button) body.append(button.name, button.value);
    body.set("_revision", this.form.dataset.revision || "0");
    return body;
  }

  async save(button) {
    if (this.busy) {
      this.waiting = button || true;
      return;
    }
    if (!button && this.edits === this.sent) return;
    const edits = this.edits;
    const body = this.words(button);
    this.busy = true;
    this.show("saving");
    try {
      const answer = await fetch(this.address, { method: "POST", body, headers: { "HX-Request": "true" }, credentials: "same-origin" });
      await this.received(answer, edits, button);
    } catch {
      this.offline(body);
    } finally {
      this.busy = false;
    }
    const waiting = this.waiting;
    this.waiting = null;
    if (waiting) this.save(waiting === true ? undefined : waiting);
  }

  async received(answer, edits, button) {
    const onward = answer.headers.get("HX-Redirect");
    if (onward) return window.location.assign(onward);
    if (answer.status === 409) return this.show("conflict");
    if (answer.status >= 500) return this.offline(this.words());
    if (!answer.ok) return this.show("unsaved");
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    this.sent = edits;
    sessionStorage.removeItem(this.key);
    this.form.dataset.revision = page.querySelector("form[data-revision]")?.dataset.revision || this.form.dataset.revision;
    if (this.form.elements._revision) this.form.elements._revision.value = this.form.dataset.revision;
    offlineBanner(false);
    this.show("saved");
    // Words typed since are newer than this answer; the next one will fit them.
    if (button || this.edits === edits) await this.redraw(page.querySelector("[data-form-body]"));
  }

  // Morphed, not replaced: the focus, the caret and what is being typed stay where they are.
  async redraw(shown) {
    const body = this.form.querySelector("[data-form-body]");
    if (!body || !shown || !window.htmx) return;
    // What a look-up found is no part of the form that the server knows. It belongs to what the field holds, not to
    // the place in a list: an entry taken away moves those after it.
    const found = new Map([...body.querySelectorAll("[data-found]")].map((one) => [lookedUp(one), one.innerHTML]));
    for (const place of shown.querySelectorAll("[data-found]")) {
      if (found.has(lookedUp(place))) place.innerHTML = found.get(lookedUp(place));
    }
    await window.htmx.swap({ sourceElement: this.form, target: body, text: shown.outerHTML, swap: "outerMorph" });
    const wanted = this.form.querySelector("[data-focus-on]")?.dataset.focusOn;
    if (wanted) document.getElementById(wanted)?.focus();
  }

  offline(body) {
    if (this.isSubmitted) return;
    body.delete("csrf"); // a token is no word of the person; the page has its own
    sessionStorage.setItem(this.key, body.toString());
    this.show("offline");
    offlineBanner(true);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), AGAIN);
  }

  leave() {
    if (this.isSubmitted || this.edits === this.sent) return;
    const body = this.words();
    if (!navigator.sendBeacon || !navigator.sendBeacon(this.address, body)) this.offline(body);
  }

  // Words that could not be sent before are put back into the fields, then sent.
  restore() {
    const kept = sessionStorage.getItem(this.key);
    if (!kept) return;
    const words = new URLSearchParams(kept);
    for (const field of this.form.elements) {
      if (!field.name || field.name === "csrf" || field.name.startsWith("_") || !words.has(field.name)) continue;
      const values = words.getAll(field.name);
      if (field.type === "radio" || field.type === "checkbox") field.checked = values.includes(field.value);
      else if (field.type !== "hidden") field.value = values[0];
    }
    this.edits += 1;
    this.save();
  }

  show(state) {
    if (!this.state || this.state.dataset.state === state) return;
    this.state.dataset.state = state;
    this.state.textContent = this.state.dataset[state] || "";
  }
}

function lookedUp(place) {
  const lookup = place.closest("[data-lookup]");
  return `${place.dataset.address} ${lookup?.querySelector("input")?.value || ""}`;
}

function isTyped(field) {
  return field.matches?.("textarea, input:not([type=radio]):not([type=checkbox])");
}

function offlineBanner(shown) {
  const banner = document.querySelector("[data-offline-banner]");
  if (banner) banner.hidden = !shown;
}

window.addEventListener("offline", () => offlineBanner(true));
window.addEventListener("online", () => offlineBanner(false));

function begin(root) {
  for (const form of root.querySelectorAll("form[data-draft]:not([data-kept])")) {
    form.dataset.kept = "yes";
    new Draft(form);
  }
}

document.addEventListener("DOMContentLoaded", () => begin(document));
document.addEventListener("htmx:after:swap", () => begin(document));
// Shared devices: nothing of a person stays in the tab after the person has left.
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-sign-out]")) sessionStorage.clear();
});
