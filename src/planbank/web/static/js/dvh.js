// The plot of stored DVHs and the table of ROIs as one thing: pointing at a line lifts its row and the
// other way round; a row or a line is chosen by click or Enter; a hairline reads all curves at a dose.
import { aligned, nearest, percentAt, places } from "./dvh-curves.js";

const CHOSEN = 3.4;
const LABELS = 8;

class Plot {
  constructor(box) {
    this.box = box;
    this.frame = box.querySelector(".dvh-plot");
    this.rows = [...document.querySelectorAll("tr[data-roi]")];
    this.chosen = this.rows.findIndex((row) => row.classList.contains("chosen"));
    this.lifted = -1;
    this.gy = null;
    this.lang = document.documentElement.lang || "en";
  }

  async start() {
    const answer = await fetch(this.box.dataset.curves, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const data = await answer.json();
    this.to = data.to;
    this.rows = this.rows.filter((row) => data.curves[row.dataset.roi]);
    this.curves = this.rows.map((row) => data.curves[row.dataset.roi]);
    // The planning system's own curves, thin beside ours; they are drawn and not spoken of.
    this.tpsRows = this.rows.filter((row) => data.tps?.[row.dataset.roi]);
    this.tps = this.tpsRows.map((row) => data.tps[row.dataset.roi]);
    this.chosen = this.rows.findIndex((row) => row.classList.contains("chosen"));
    this.draw();
    this.listen();
  }

  colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  }

  number(value, digits) {
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return value.toLocaleString(this.lang, options);
  }

  size() {
    const width = Math.max(Math.floor(this.frame.clientWidth), 200);
    return { width, height: width < 520 ? 240 : 316 };
  }

  series(row) {
    const { colour, dash, width, cap } = row.dataset;
    return {
      label: row.dataset.name,
      stroke: () => this.colour(colour),
      width: Number(width),
      dash: dash ? dash.split(" ").map(Number) : undefined,
      cap,
      spanGaps: false,
      points: { show: false },
    };
  }

  thin(row) {
    return { ...this.series(row), label: "", width: 1.3, dash: [2, 3], cap: "butt", alpha: 0.85 };
  }

  lines(width) {
    return aligned([...this.curves, ...this.tps], this.to, 2 * width);
  }

  axis(more) {
    return {
      stroke: () => this.colour("ink3"),
      font: '11.5px system-ui, "Segoe UI", Roboto, sans-serif',
      ticks: { show: false },
      grid: { stroke: () => this.colour("line"), width: 1 },
      ...more,
    };
  }

  draw() {
    const { width, height } = this.size();
    const shown = (_, splits) => splits.map((value) => this.number(value, value % 1 ? 1 : 0));
    this.u = new window.uPlot(
      {
        width,
        height,
        padding: [8, 12, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false, setScale: false } },
        scales: { x: { time: false, range: [0, this.to] }, y: { range: [-0.6, 101.2] } },
        axes: [
          this.axis({ size: 24, gap: 4, values: shown, grid: { show: true, stroke: () => this.colour("line"), width: 1 } }),
          this.axis({ size: 34, gap: 6, values: shown, splits: () => [0, 25, 50, 75, 100] }),
        ],
        series: [{}, ...this.rows.map((row) => this.series(row)), ...this.tpsRows.map((row) => this.thin(row))],
        hooks: { setCursor: [(u) => this.pointed(u)], draw: [(u) => this.names(u)] },
      },
      this.lines(width),
      this.frame,
    );
    this.tip = this.u.over.appendChild(document.createElement("div"));
    this.tip.className = "dvh-tip";
    this.tip.hidden = true;
    this.dot = this.u.over.appendChild(document.createElement("i"));
    this.dot.className = "dvh-dot";
    this.dot.hidden = true;
    this.show();
  }

  // Who is spoken of: the line under the pointer, else the chosen one.
  get spoken() {
    return this.lifted >= 0 ? this.lifted : this.chosen;
  }

  show() {
    this.rows.forEach((row, i) => {
      row.classList.toggle("chosen", i === this.chosen);
      row.classList.toggle("lifted", i === this.lifted);
      const link = row.querySelector("th a");
      if (i === this.chosen) link?.setAttribute("aria-current", "true");
      else link?.removeAttribute("aria-current");
      this.u.series[i + 1].width = i === this.chosen || i === this.lifted ? CHOSEN : Number(row.dataset.width);
    });
    this.u.redraw(false);
    this.read();
  }

  lift(i) {
    if (i === this.lifted) return;
    this.lifted = i;
    this.show();
  }

  choose(i) {
    this.chosen = i === this.chosen ? -1 : i;
    const address = new URL(window.location.href);
    if (this.chosen < 0) address.searchParams.delete("roi");
    else address.searchParams.set("roi", this.rows[this.chosen].dataset.roi);
    window.history.replaceState(null, "", address);
    this.show();
  }

  pointed(u) {
    if (this.moving) return;
    const { left, top } = u.cursor;
    if (left === undefined || left < 0) {
      this.gy = null;
      this.lift(-1);
      this.read();
      return;
    }
    const plot = { perGy: u.over.clientWidth / this.to, perPercent: u.over.clientHeight / 101.8 };
    const point = { gy: u.posToVal(left, "x"), pc: u.posToVal(top, "y") };
    this.gy = Math.min(Math.max(point.gy, 0), this.to);
    const found = nearest(this.curves, point, plot);
    if (found === this.lifted) this.read();
    else this.lift(found);
  }

  // Fills the column, the box at the hairline and what a screen reader is told.
  read() {
    const unit = this.box.dataset.unit;
    const dose = this.gy === null ? "" : `${this.number(this.gy, 1)} ${unit}`;
    const head = document.querySelector("th[data-at]");
    head.textContent = dose ? `V${this.number(this.gy, 1)}${unit}, %` : head.dataset.none;
    this.rows.forEach((row, i) => {
      const cell = row.querySelector("td[data-at]");
      cell.textContent = dose ? this.number(percentAt(this.curves[i], this.gy), 1) : "-";
    });
    const i = this.spoken;
    this.tip.hidden = this.dot.hidden = !dose || i < 0;
    if (!dose) return;
    const volume = (n) => {
      const percent = percentAt(this.curves[n], this.gy);
      const cc = (percent / 100) * this.curves[n].cc;
      return `${this.number(percent, 1)} % (${this.number(cc, cc < 10 ? 2 : 1)} cc)`;
    };
    this.frame.setAttribute("aria-valuenow", this.gy.toFixed(1));
    const named = i >= 0 ? [i] : this.rows.map((_, n) => n).slice(0, LABELS);
    const spoken = named.map((n) => `${this.rows[n].dataset.name} ${volume(n)}`).join(", ");
    this.frame.setAttribute("aria-valuetext", `${dose}: ${spoken}`);
    if (i >= 0) this.point(i, `${dose}: ${volume(i)}`);
  }

  point(i, words) {
    const name = document.createElement("b");
    name.textContent = this.rows[i].dataset.name;
    const line = document.createElement("span");
    line.textContent = words;
    this.tip.replaceChildren(name, line);
    const x = this.u.valToPos(this.gy, "x");
    const y = this.u.valToPos(percentAt(this.curves[i], this.gy), "y");
    this.dot.style.transform = `translate(${x}px, ${y}px)`;
    this.dot.style.background = this.colour(this.rows[i].dataset.colour);
    const wide = this.u.over.clientWidth;
    const left = x + 14 + this.tip.offsetWidth > wide ? x - 14 - this.tip.offsetWidth : x + 14;
    const above = Math.min(Math.max(y - this.tip.offsetHeight - 10, 4), this.u.over.clientHeight - 52);
    this.tip.style.transform = `translate(${Math.max(left, 0)}px, ${above}px)`;
  }

  // Names beside the lines, where they hide nothing; the chosen one in bold, whatever it hides.
  names(u) {
    const ratio = window.devicePixelRatio || 1;
    const { left, top, width, height } = u.bbox;
    const plot = { left, top: u.valToPos(100, "y", true), width, perGy: width / this.to, perPercent: height / 101.8 };
    const must = new Set([this.lifted, this.chosen].filter((i) => i >= 0));
    const rest = this.rows.length <= LABELS + 4 ? this.rows.map((_, i) => i) : [];
    const order = [...new Set([...must, ...rest])].slice(0, LABELS);
    const font = (i) => `${must.has(i) ? 600 : 400} ${11.5 * ratio}px system-ui, "Segoe UI", Roboto, sans-serif`;
    const ctx = u.ctx;
    ctx.save();
    ctx.setLineDash([]);
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    const widths = this.rows.map((row, i) => {
      ctx.font = font(i);
      return ctx.measureText(row.dataset.name).width + 4 * ratio;
    });
    places(this.curves, widths, 16 * ratio, order, must, plot).forEach((box, i) => {
      if (!box) return;
      ctx.globalAlpha = 0.85;
      ctx.fillStyle = this.colour("surface");
      ctx.fillRect(box.x, box.y, box.w, box.h);
      ctx.globalAlpha = 1;
      ctx.fillStyle = this.colour(must.has(i) ? "ink" : "ink2");
      ctx.font = font(i);
      ctx.fillText(this.rows[i].dataset.name, box.x + 2 * ratio, box.y + box.h / 2);
    });
    ctx.restore();
  }

  listen() {
    this.rows.forEach((row, i) => {
      row.addEventListener("pointerenter", () => this.lift(i));
      row.addEventListener("pointerleave", () => this.lift(-1));
      row.addEventListener("focusin", () => this.lift(i));
      row.addEventListener("focusout", () => this.lift(-1));
      row.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        this.choose(i);
      });
    });
    this.u.over.addEventListener("click", () => {
      if (this.lifted >= 0) this.choose(this.lifted);
    });
    this.frame.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.resize()).observe(this.frame);
    const redraw = () => this.u.redraw(false);
    new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  }

  resize() {
    const { width, height } = this.size();
    if (width === this.u.width && height === this.u.height) return;
    this.u.setSize({ width, height });
    this.u.setData(this.lines(width));
  }

  key(event) {
    const step = this.to > 20 ? 0.5 : this.to / 40;
    const moves = { ArrowRight: step, ArrowUp: step, ArrowLeft: -step, ArrowDown: -step, PageUp: 10 * step, PageDown: -10 * step };
    let gy = this.gy ?? 0;
    if (event.key in moves) gy += moves[event.key];
    else if (event.key === "Home") gy = 0;
    else if (event.key === "End") gy = this.to;
    else return;
    event.preventDefault();
    this.gy = Math.min(Math.max(gy, 0), this.to);
    this.moving = true;
    this.u.setCursor({ left: this.u.valToPos(this.gy, "x"), top: 0 });
    this.moving = false;
    this.read();
  }
}

for (const box of document.querySelectorAll(".dvh")) {
  new Plot(box).start().then(
    () => document.querySelectorAll("[data-at]").forEach((cell) => cell.removeAttribute("hidden")),
    () => box.classList.add("broken"),
  );
}
