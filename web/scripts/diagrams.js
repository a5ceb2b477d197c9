// Live diagrams: draws the BPMN a page names, and marks what the page says about its elements.
// Nothing is ever laid over the lower right corner, where bpmn.io's mark stands.

const LEGIBLE = 0.45; // of the drawn size; below it names cannot be read
const CLOSE = 0.85;

async function text(address) {
  const answer = await fetch(address, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.text();
}

function marksOf(figure) {
  return JSON.parse(figure.querySelector("[data-marks]")?.textContent || "{}");
}

function failed(canvas) {
  const note = document.createElement("p");
  note.className = "diagram-fallback";
  note.textContent = canvas.dataset.failed;
  canvas.replaceChildren(note);
}

function prepare(figure) {
  const canvas = figure.querySelector("[data-canvas]");
  canvas.dataset.failed = canvas.querySelector("[data-failed]")?.dataset.failed || "";
  canvas.replaceChildren();
  return canvas;
}

function mark(viewer, marks) {
  const elements = viewer.get("elementRegistry");
  const canvas = viewer.get("canvas");
  const overlays = viewer.get("overlays");
  const paint = (ids, look) => (ids || []).filter((id) => elements.get(id)).forEach((id) => canvas.addMarker(id, look));
  paint(marks.visited, "token-visited");
  paint(marks.changed, "token-changed");
  paint(Object.keys(marks.here || {}), "token-here");
  paint(marks.incident, "token-incident");
  for (const [id, count] of Object.entries(marks.here || {})) {
    if (!elements.get(id)) continue;
    const html = document.createElement("span");
    html.className = "diagram-count";
    html.textContent = count;
    overlays.add(id, { position: { top: -12, left: -12 }, html });
  }
}

function tools(figure, canvas) {
  const bar = figure.querySelector("[data-diagram-tools]");
  if (!bar) return;
  bar.hidden = false;
  bar.addEventListener("click", (event) => {
    const step = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (step === "fit") canvas.zoom("fit-viewport", "auto");
    if (step === "in") canvas.zoom(canvas.zoom() * 1.25);
    if (step === "out") canvas.zoom(canvas.zoom() / 1.25);
  });
}

// A large model in a small frame would be unreadable: then the place where the case stands is shown first.
function frame(viewer, marks) {
  const canvas = viewer.get("canvas");
  if (canvas.zoom("fit-viewport", "auto") >= LEGIBLE) return;
  const wanted = [...(marks.incident || []), ...Object.keys(marks.here || {})];
  const element = wanted.map((id) => viewer.get("elementRegistry").get(id)).find((one) => one && one.width);
  if (!element) return;
  const { outer } = canvas.viewbox();
  const [width, height] = [outer.width / CLOSE, outer.height / CLOSE];
  const [x, y] = [element.x + element.width / 2 - width / 2, element.y + element.height / 2 - height / 2];
  canvas.viewbox({ x, y, width, height });
}

async function draw(figure) {
  const canvas = prepare(figure);
  try {
    const viewer = new window.BpmnJS({ container: canvas });
    await viewer.importXML(await text(figure.dataset.diagram));
    frame(viewer, marksOf(figure));
    mark(viewer, marksOf(figure));
    tools(figure, viewer.get("canvas"));
    figure.dataset.drawn = "yes";
  } catch (error) {
    console.error(error);
    failed(canvas);
  }
}

// The tables stand below on the page, so nobody is led from the graph into a view that has no way back.
const WITHOUT_TABLES = { drillDown: ["value", null] };

async function drawDecisions(figure) {
  const canvas = prepare(figure);
  try {
    const viewer = new window.DmnJS({ container: canvas, drd: { additionalModules: [WITHOUT_TABLES] } });
    await viewer.importXML(await text(figure.dataset.decisions));
    const graph = viewer.getActiveViewer().get("canvas");
    graph.zoom("fit-viewport", "auto");
    tools(figure, graph);
    figure.dataset.drawn = "yes";
  } catch (error) {
    console.error(error);
    failed(canvas);
  }
}

function begin() {
  if (window.BpmnJS) beginAll("[data-diagram]", draw);
  if (window.DmnJS) beginAll("[data-decisions]", drawDecisions);
}

// What is folded has no size yet; it is drawn when it is unfolded.
function beginAll(kind, act) {
  for (const figure of document.querySelectorAll(`${kind}:not([data-begun])`)) {
    if (figure.closest("details:not([open])")) continue;
    figure.dataset.begun = "yes";
    act(figure);
  }
}

document.addEventListener("toggle", begin, true); // does not bubble
document.addEventListener("DOMContentLoaded", begin);
document.addEventListener("htmx:after:swap", begin);
