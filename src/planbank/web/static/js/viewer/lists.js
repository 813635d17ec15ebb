// The lists beside the picture: isodoses, structures, findings. Each line is a box to tick, a sample of the
// line and its words; pointing at a line lifts what it stands for.
import { cc, element, gray, number, say } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

// A sample of an isodose on black, as it is drawn.
function lineSample({ colour, dash, width }) {
  const svg = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "line");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "iso-sample");
  for (const [name, value] of Object.entries({ x1: 3, x2: 31, y1: 5, y2: 5, stroke: colour, "stroke-width": width + 0.4 })) {
    line.setAttribute(name, value);
  }
  if (dash.length) line.setAttribute("stroke-dasharray", dash.join(" "));
  svg.append(line);
  return svg;
}

export function fillIsodoses(list, lines, viewer) {
  list.replaceChildren(
    ...lines.map((line) => {
      const box = element("input", { type: "checkbox", id: `iso-${line.gy}` });
      box.checked = !viewer.state.off.has(line.gy);
      box.addEventListener("change", () => viewer.toggleLine(line.gy, box.checked));
      const words = element("span", { class: "name" }, `${gray(line.gy)} Gy`);
      const percent = element("span", { class: "more" }, line.percent === null ? "" : `${number(line.percent, line.percent % 1 > 0.05 && line.percent % 1 < 0.95 ? 1 : 0)} %`);
      const item = element("li", { "data-gy": line.gy }, element("label", {}, box, lineSample(line), words, percent));
      item.addEventListener("pointerenter", () => viewer.liftLine(line));
      item.addEventListener("pointerleave", () => viewer.liftLine(null));
      return item;
    }),
  );
}

export function fillStructures(list, rois, viewer) {
  list.replaceChildren(
    ...rois.map((roi) => {
      const here = roi.frame === viewer.sides[0].scene.frame;
      const why = roi.empty ? roi.why || say("empty") : here ? "" : say("elsewhere-short");
      const box = element("input", { type: "checkbox", id: `roi-${roi.id}`, disabled: why !== "" });
      box.checked = why === "" && !viewer.state.hidden.has(roi.id);
      box.addEventListener("change", () => viewer.toggleRoi(roi.id, box.checked));
      const sample = element("span", { class: "swatch", "aria-hidden": "true" });
      sample.style.setProperty("--colour", viewer.colourOf(roi));
      const name = element("bdi", { class: "name" }, roi.name);
      const kind = element("span", { class: "kind" }, roi.type ?? "");
      const volume = Number.isFinite(roi.volume_cc) ? `${cc(roi.volume_cc)} cc` : "";
      const label = element("label", {}, box, sample, name, kind);
      const go = element("button", { type: "button", class: "quiet small more", disabled: why !== "", "aria-label": say("choose", { name: roi.name }) }, why ? say("empty-mark") : volume || say("go"));
      go.addEventListener("click", () => viewer.choose(roi.id, true));
      const item = element("li", { "data-roi": roi.id, class: why ? "empty" : "" }, label, go);
      if (why) item.append(element("span", { class: "why" }, why));
      item.addEventListener("pointerenter", () => viewer.liftRoi(roi.id));
      item.addEventListener("pointerleave", () => viewer.liftRoi(null));
      return item;
    }),
  );
}

// Which lines of both lists, and of the table of doses, are lifted or chosen.
export function markLists(root, state) {
  for (const item of root.querySelectorAll("[data-roi]")) {
    const id = Number(item.dataset.roi);
    item.classList.toggle("chosen", id === state.roi);
    item.classList.toggle("lifted", id === state.lifted);
    item.classList.toggle("hidden-roi", state.hidden.has(id));
  }
  for (const item of root.querySelectorAll("[data-gy]")) item.classList.toggle("lifted", Number(item.dataset.gy) === state.liftedGy);
}

// Findings with their place, and what cannot be drawn here.
export function fillFindings(list, scene, viewer) {
  const { findings, refused = [] } = scene.about;
  const items = findings.map((finding, i) => {
    const point = viewer.pointOf(finding, scene);
    const head = element("h3", {}, point ? `${i + 1}. ` : "", finding.title || finding.words);
    const item = element("li", { class: finding.level }, element("span", { class: "state" }, say(`state-${finding.level}`)), head);
    if (finding.title && finding.words) item.append(element("p", {}, finding.words));
    if (point) {
      const go = element("button", { type: "button", class: "quiet small" }, say("go-there"));
      go.addEventListener("click", () => viewer.moveTo(viewer.sides[0], point));
      item.append(go);
    }
    return item;
  });
  for (const words of refused) items.push(element("li", { class: "warn" }, element("span", { class: "state" }, say("state-warn")), element("p", {}, words)));
  if (!items.length) items.push(element("li", { class: "ok" }, element("p", {}, say("no-findings"))));
  list.replaceChildren(...items);
}
