// The stored DVHs as a plot of their own and as a table; never calculated here. Rows and lines are one
// thing: pointing at either lifts both. A second dose, or a second plan, is dashed as a whole.
import { doseAt, nearest, percentAt, places } from "../dvh-curves.js";
import { cc, element, gray, number, say } from "./words.js";

const EDGE = { left: 34, right: 10, top: 8, bottom: 22 };
const ROWS = 12;

// Every stored curve that can be drawn: {roi, dose, curve: {gy, pc, cc}, stats, dashed}.
export function curvesOf(scene, doseKey, dashed) {
  const byKey = new Map(scene.rois.map((roi) => [`${roi.set.key} ${roi.number}`, roi]));
  return scene.about.dvh
    .filter((row) => row.dose === doseKey && byKey.has(`${row.structures} ${row.roi}`))
    .map((row) => {
      const curve = { gy: row.gy, pc: row.percent, cc: row.stats.volume_cc };
      return { roi: byKey.get(`${row.structures} ${row.roi}`), curve, stats: row.stats, dashed, algorithm: row.algorithm };
    });
}

// Dashes of lines: targets solid, their PTV long dashes, organs in turn (look.md); no line by colour alone.
const ORGANS = [[5, 3], [2, 3], [9, 3, 2, 3], [1, 3]];

export function dashes(rois) {
  const found = new Map();
  let organs = 0;
  for (const { id, type, name } of rois) {
    const target = /^(GTV|CTV|PTV)$/.test(type ?? "") ? type : /^[^A-Za-z0-9]*(GTV|CTV|ITV|PTV)/i.exec(name)?.[1].toUpperCase();
    if (target) found.set(id, target === "PTV" ? [10, 4] : []);
    else found.set(id, ORGANS[organs++ % ORGANS.length]);
  }
  return found;
}

export class DvhPlot {
  constructor(viewer, box) {
    this.viewer = viewer;
    this.box = box;
    this.canvas = box.querySelector("canvas");
    this.tip = viewer.root.querySelector("[data-part=tip]");
    this.curves = [];
    this.gy = null;
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => {
      this.gy = null;
      viewer.liftRoi(null);
    });
    this.canvas.addEventListener("click", () => viewer.state.lifted !== null && viewer.choose(viewer.state.lifted));
    new ResizeObserver(() => this.draw()).observe(box);
  }

  show(curves) {
    this.every = curves;
    this.two = curves.some(({ dashed }) => dashed);
    this.dashes = dashes(curves.map(({ roi }) => roi));
    this.draw();
  }

  draw() {
    const { canvas, viewer } = this;
    const { clientWidth: width, clientHeight: height } = this.box;
    if (!this.every || !width) return;
    this.curves = this.every.filter(({ roi, curve }) => curve.gy.length && viewer.state.showsRoi(roi));
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const ctx = canvas.getContext("2d");
    ctx.scale(ratio, ratio);
    const to = Math.max(...this.every.map(({ curve }) => curve.gy[curve.gy.length - 1] ?? 0), 1) * 1.02;
    this.plot = {
      left: EDGE.left, top: EDGE.top, to,
      width: width - EDGE.left - EDGE.right, height: height - EDGE.top - EDGE.bottom,
    };
    this.plot.perGy = this.plot.width / to;
    this.plot.perPercent = this.plot.height / 100;
    this.axes(ctx);
    for (const one of this.curves) this.line(ctx, one);
    this.names(ctx);
    this.hair(ctx);
  }

  x(gy) {
    return this.plot.left + gy * this.plot.perGy;
  }

  y(percent) {
    return this.plot.top + (100 - percent) * this.plot.perPercent;
  }

  axes(ctx) {
    const { plot } = this;
    ctx.font = "11.5px system-ui, sans-serif";
    ctx.fillStyle = this.viewer.token("ink3");
    ctx.strokeStyle = this.viewer.token("line");
    ctx.lineWidth = 1;
    const step = [0.5, 1, 2, 5, 10, 20, 50].find((gy) => plot.to / gy <= 6) ?? 100;
    ctx.beginPath();
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    for (const percent of [0, 25, 50, 75, 100]) {
      const y = Math.round(this.y(percent)) + 0.5;
      ctx.moveTo(plot.left, y);
      ctx.lineTo(plot.left + plot.width, y);
      ctx.fillText(String(percent), plot.left - 6, y);
    }
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    for (let gy = 0; gy <= plot.to; gy += step) ctx.fillText(gray(gy), this.x(gy), plot.top + plot.height + 5);
    ctx.stroke();
  }

  line(ctx, { roi, curve, dashed }) {
    const { state } = this.viewer;
    const lifted = roi.id === state.roi || roi.id === state.lifted;
    ctx.strokeStyle = this.viewer.colourOf(roi, true);
    ctx.lineWidth = lifted ? 3.4 : 1.6;
    // With a second dose beside it the first is solid as a whole, the second dashed.
    ctx.setLineDash(dashed ? [6, 4] : this.two ? [] : this.dashes.get(roi.id));
    ctx.beginPath();
    curve.gy.forEach((gy, i) => ctx.lineTo(this.x(gy), this.y(curve.pc[i])));
    ctx.stroke();
    ctx.setLineDash([]);
  }

  names(ctx) {
    const { state } = this.viewer;
    const curves = this.curves.filter(({ dashed }) => !dashed);
    const must = new Set(curves.flatMap(({ roi }, i) => (roi.id === state.roi || roi.id === state.lifted ? [i] : [])));
    const order = [...new Set([...must, ...curves.keys()])].slice(0, curves.length <= 12 ? 12 : Math.max(must.size, 0));
    ctx.font = "600 11.5px system-ui, sans-serif";
    const widths = curves.map(({ roi }) => ctx.measureText(roi.name).width + 4);
    const found = places(curves.map(({ curve }) => curve), widths, 15, order, must, this.plot);
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    found.forEach((box, i) => {
      if (!box) return;
      ctx.globalAlpha = 0.85;
      ctx.fillStyle = this.viewer.token("surface");
      ctx.fillRect(box.x, box.y, box.w, box.h);
      ctx.globalAlpha = 1;
      ctx.fillStyle = this.viewer.token(must.has(i) ? "ink" : "ink2");
      ctx.fillText(curves[i].roi.name, box.x + 2, box.y + box.h / 2);
    });
  }

  hair(ctx) {
    const { lifted } = this.viewer.state;
    const one = this.curves.find(({ roi }) => roi.id === lifted);
    this.tip.textContent = "";
    if (this.gy === null) return;
    ctx.strokeStyle = this.viewer.token("ink3");
    ctx.setLineDash([3, 3]);
    ctx.beginPath();
    ctx.moveTo(this.x(this.gy), this.plot.top);
    ctx.lineTo(this.x(this.gy), this.plot.top + this.plot.height);
    ctx.stroke();
    ctx.setLineDash([]);
    if (!one) return;
    const percent = percentAt(one.curve, this.gy);
    const volume = cc((percent / 100) * one.curve.cc);
    this.tip.textContent = `${one.roi.name}: ${number(this.gy, 1)} Gy, ${number(percent, 1)} % (${volume} cc)`;
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const { plot } = this;
    const gy = (event.clientX - box.left - plot.left) / plot.perGy;
    const pc = 100 - (event.clientY - box.top - plot.top) / plot.perPercent;
    this.gy = gy >= 0 && gy <= plot.to ? gy : null;
    const i = nearest(this.curves.map(({ curve }) => curve), { gy, pc }, plot);
    this.viewer.liftRoi(i < 0 ? null : this.curves[i].roi.id, true);
  }
}

// The table of doses: mean, D95 and D0.03cc of what is drawn, with the digits of the page of the plan.
export function fillDoses(body, curves, viewer) {
  body.replaceChildren(
    ...curves.filter(({ roi }) => viewer.state.showsRoi(roi)).map(({ roi, stats, dashed }) => {
      const gy = (value) => (value === null || value === undefined ? "-" : number(value, 2));
      const sample = element("span", { class: `sample${dashed ? " dashed" : ""}`, "aria-hidden": "true" });
      sample.style.setProperty("--colour", viewer.colourOf(roi, true));
      const name = element("bdi", {}, roi.name);
      const more = dashed ? ` (${say("second")})` : "";
      const row = element(
        "tr",
        { "data-roi": roi.id },
        element("th", { scope: "row" }, sample, name, more),
        ...[stats.mean_gy, stats.d95_gy, stats.d003cc_gy].map((value) => element("td", { class: "num" }, gy(value))),
      );
      row.addEventListener("pointerenter", () => viewer.liftRoi(roi.id));
      row.addEventListener("pointerleave", () => viewer.liftRoi(null));
      row.addEventListener("click", () => viewer.choose(roi.id));
      return row;
    }),
  );
}

// The plot as numbers: % of each volume at a dozen doses, of the same stored points.
export function fillTable(table, curves, viewer) {
  const drawn = curves.filter(({ roi, curve }) => curve.gy.length && viewer.state.showsRoi(roi));
  const to = Math.max(...drawn.map(({ curve }) => curve.gy[curve.gy.length - 1]), 0);
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].find((gy) => to / gy < ROWS) ?? 100;
  const doses = Array.from({ length: Math.floor(to / step) + 1 }, (_, i) => i * step);
  const head = element("tr", {}, element("th", { scope: "col" }, say("structure")), element("th", { scope: "col", class: "num" }, "D50%"));
  for (const gy of doses) head.append(element("th", { scope: "col", class: "num" }, `${gray(gy)} Gy`));
  const rows = drawn.map(({ roi, curve, dashed }) => {
    const half = doseAt(curve, 50);
    const name = element("th", { scope: "row" }, element("bdi", {}, roi.name), dashed ? ` (${say("second")})` : "");
    const cells = doses.map((gy) => element("td", { class: "num" }, number(percentAt(curve, gy), 1)));
    return element("tr", {}, name, element("td", { class: "num" }, half === null ? "-" : number(half, 2)), ...cells);
  });
  table.replaceChildren(element("thead", {}, head), element("tbody", {}, ...rows));
}
