// One plane on a canvas: its picture and lines, and what pointer and wheel do on it.
import {
  drawBeams, drawCrosshair, drawIsodoses, drawLacking, drawMarks, drawOutlines, drawRulers, drawScale, drawWash, label,
} from "./drawing.js";
import { dot, fit, fromPlane, fromScreen, inPlane, letters, scaled, toScreen, zoomed } from "./geometry.js";
import { distanceTo } from "./isolines.js";
import { layout, paint } from "./volume.js";
import { gray, number, say } from "./words.js";

const NEAR = 5; // px within which a line is pointed at
const BEAMS = "#6fe0f2";

export class Pane {
  constructor(side, name, box) {
    this.side = side;
    this.name = name;
    this.box = box;
    this.canvas = box.querySelector("canvas");
    this.ctx = this.canvas.getContext("2d", { alpha: false });
    this.view = null;
    this.size = { width: 0, height: 0 };
    this.picture = document.createElement("canvas");
    this.painted = "";
    this.corners = Object.fromEntries([...box.querySelectorAll("[data-corner]")].map((one) => [one.dataset.corner, one]));
    this.pointers = new Map();
    this.hover = null;
    this.ruler = null; // while it is drawn out
    this.listen();
  }

  get plane() {
    return this.side.scene.planes[this.name];
  }

  get viewer() {
    return this.side.viewer;
  }

  get w() {
    return dot(this.side.cursor, this.plane.through);
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.box;
    const ratio = window.devicePixelRatio || 1;
    if (width === this.size.width && height === this.size.height && ratio === this.ratio) return;
    this.size = { width, height };
    this.ratio = ratio;
    this.canvas.width = Math.max(Math.round(width * ratio), 1);
    this.canvas.height = Math.max(Math.round(height * ratio), 1);
    if (!this.moved) this.view = null;
  }

  // The whole plane; `zoom` times nearer around the crosshair where it is asked for.
  reset(zoom = 1) {
    this.view = fit(this.side.scene.bodyBox(this.plane), this.size);
    this.moved = false;
    if (zoom !== 1) {
      const [u, v] = inPlane(this.plane, this.side.cursor);
      this.view = { u, v, mm: this.view.mm / zoom };
      this.moved = true;
    }
  }

  draw() {
    this.resize();
    if (!this.size.width || !this.size.height) return;
    if (!this.view) this.reset(this.viewer.state.zoom);
    const { ctx, viewer, side, plane, w } = this;
    const { scene } = side;
    const { state } = viewer;
    ctx.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    ctx.fillStyle = "#000";
    ctx.fillRect(0, 0, this.size.width, this.size.height);
    const look = { scene, plane, w, view: this.view, size: this.size, state };
    this.drawPicture(look);
    drawLacking(ctx, look);
    const dose = side.doseKey;
    if (state.difference && side.other) {
      const most = viewer.differenceMost;
      drawWash(ctx, look, dose, { low: -most, high: most }, side.other);
    } else if (state.wash && dose) {
      drawWash(ctx, look, dose, viewer.washRange());
    }
    if (state.structures) drawOutlines(ctx, look, viewer.colourOf);
    if (state.lines && dose) drawIsodoses(ctx, look, dose, viewer.shownLines(), false);
    if (state.lines && state.second && side.first) drawIsodoses(ctx, look, state.second, viewer.shownLines(), true);
    if (state.beams) drawBeams(ctx, look, BEAMS);
    drawMarks(ctx, look, viewer.marksOf(side));
    drawRulers(ctx, look, state.rulers);
    drawCrosshair(ctx, look, side.cursor);
    drawScale(ctx, look);
    if (this.hover?.line) {
      ctx.font = "600 12px system-ui, sans-serif";
      ctx.fillStyle = this.hover.line.colour;
      const { gy, percent } = this.hover.line;
      const words = percent === null ? `${gray(gy)} Gy` : `${gray(gy)} Gy, ${number(percent, 0)} %`;
      label(ctx, words, Math.min(Math.max(this.hover.x, 50), this.size.width - 50), Math.max(this.hover.y - 18, 12));
    }
    this.write();
  }

  drawPicture(look) {
    const { scene } = this.side;
    const { volume } = scene;
    if (!volume) return;
    const { plane, w, view, size } = look;
    const place = layout(volume.grid, plane);
    const { picture } = this;
    const name = [scene.image.key, w.toFixed(3), this.viewer.tableMark, volume.come].join();
    if (name !== this.painted) {
      if (picture.width !== place.wide || picture.height !== place.high) {
        [picture.width, picture.height] = [place.wide, place.high];
        this.brush = picture.getContext("2d");
        this.data = this.brush.createImageData(place.wide, place.high);
        this.words = new Uint32Array(this.data.data.buffer);
      }
      paint(volume, plane, w, this.viewer.table(volume), place, this.words);
      this.brush.putImageData(this.data, 0, 0);
      this.painted = name;
    }
    const [x, y] = toScreen(view, size, place.u0 - place.du / 2, place.v0 - place.dv / 2);
    const { ctx } = this;
    ctx.imageSmoothingEnabled = true;
    ctx.drawImage(picture, x, y, (place.wide * place.du) / view.mm, (place.high * place.dv) / view.mm);
  }

  // The words at the corners: plane and place, what lies under the pointer, the window.
  write() {
    const { side, plane, corners, viewer } = this;
    const { scene } = side;
    const stops = scene.stopsOf(this.name);
    const n = viewer.stopAt(side, this.name);
    const axis = { axial: 2, coronal: 1, sagittal: 0 }[this.name];
    const mm = number(dot(side.cursor, scaled(plane.through, 1)), 1);
    const place = { plane: say(this.name), axis: "xyz"[axis], mm };
    put(corners.place, `${say("place", place)}${this.name === "axial" ? `, ${say("slice", { n: n + 1, of: stops.length })}` : ""}`);
    const point = this.hover ? this.hover.point : side.cursor;
    if (this.name === "axial") {
      put(corners.position, say(`position-${scene.about.plan.position || scene.image?.position || "none"}`));
      put(corners.point, viewer.wordsAt(side, point));
      const { centre, width } = viewer.window(side);
      put(corners.window, scene.image ? say("window", { width: number(width, 0), level: number(centre, 0) }) : "");
    } else if (corners.point) put(corners.point, this.hover ? viewer.wordsAt(side, point) : "");
    for (const [corner, direction] of [
      ["left", scaled(plane.right, -1)], ["right", plane.right], ["up", scaled(plane.down, -1)], ["down", plane.down],
    ]) put(corners[corner], letters(direction));
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => this.up(event));
    canvas.addEventListener("pointerleave", () => {
      this.hover = null;
      this.viewer.liftLine(null);
    });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("focus", () => this.viewer.activate(this));
    new ResizeObserver(() => this.viewer.refresh()).observe(this.box);
  }

  wheel(event) {
    event.preventDefault();
    if (event.ctrlKey) {
      const [x, y] = this.place(event);
      this.zoom(Math.exp(-event.deltaY / 300), x, y);
      return;
    }
    // Trackpads send many small steps: a slice for each 40 px or line.
    this.rolled = (this.rolled ?? 0) + (event.deltaMode ? event.deltaY * 40 : event.deltaY);
    const steps = Math.trunc(this.rolled / 40);
    if (!steps) return;
    this.rolled -= steps * 40;
    this.viewer.activate(this);
    this.viewer.scroll(this, -Math.sign(steps) * Math.min(Math.abs(steps), 3));
  }

  zoom(times, x = this.size.width / 2, y = this.size.height / 2) {
    this.view = zoomed(this.view, this.size, x, y, times);
    this.moved = true;
    this.viewer.linkView(this);
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  pointAt(x, y) {
    const [u, v] = fromScreen(this.view, this.size, x, y);
    return fromPlane(this.plane, u, v, this.w);
  }

  down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.viewer.activate(this);
    const [x, y] = this.place(event);
    this.pointers.set(event.pointerId, [x, y]);
    this.tool = event.button === 2 ? "window" : event.button === 1 || event.shiftKey ? "pan" : this.viewer.tool;
    if (this.tool === "point" && this.pointers.size === 1) this.viewer.moveTo(this.side, this.pointAt(x, y));
    if (this.tool === "measure" && this.pointers.size === 1) this.ruler = this.viewer.measuring.begin(this.pointAt(x, y));
    this.canvas.focus({ preventScroll: true });
  }

  move(event) {
    const [x, y] = this.place(event);
    const before = this.pointers.get(event.pointerId);
    if (!this.view) return;
    if (!before) {
      this.point(x, y);
      return;
    }
    if (this.pointers.size === 2) this.pinch(event.pointerId, [x, y]);
    else if (this.tool === "point") this.viewer.moveTo(this.side, this.pointAt(x, y));
    else if (this.tool === "measure") this.viewer.measuring.stretch(this.ruler, this.pointAt(x, y));
    else if (this.tool === "window") this.viewer.dragWindow(this.side, x - before[0], y - before[1]);
    else this.pan(x - before[0], y - before[1]);
    this.pointers.set(event.pointerId, [x, y]);
  }

  up(event) {
    this.pointers.delete(event.pointerId);
    if (this.ruler) this.viewer.measuring.end(this.ruler);
    this.ruler = null;
  }

  pan(dx, dy) {
    this.view = { ...this.view, u: this.view.u - dx * this.view.mm, v: this.view.v - dy * this.view.mm };
    this.moved = true;
    this.viewer.linkView(this);
  }

  // Two fingers: as far apart as they go the picture grows, and it goes with their middle.
  pinch(id, to) {
    const from = this.pointers.get(id);
    const [other] = [...this.pointers].filter(([key]) => key !== id).map(([, point]) => point);
    const apart = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]);
    const middle = [(to[0] + other[0]) / 2, (to[1] + other[1]) / 2];
    this.pan((to[0] - from[0]) / 2, (to[1] - from[1]) / 2);
    if (apart(from) > 8) this.zoom(apart(to) / apart(from), ...middle);
  }

  // What the pointer is over: a point, and the isodose under it.
  point(x, y) {
    const { viewer, side } = this;
    const [u, v] = fromScreen(this.view, this.size, x, y);
    let line = null;
    let least = NEAR * this.view.mm;
    if (viewer.state.lines && side.doseKey) {
      for (const one of viewer.shownLines()) {
        const found = side.scene.isodose(side.doseKey, this.plane, this.w, one.gy);
        const away = found ? distanceTo(found.chains, u, v) : Infinity;
        if (away < least) [least, line] = [away, one];
      }
    }
    this.hover = { x, y, point: fromPlane(this.plane, u, v, this.w), line };
    viewer.liftLine(line);
  }
}

function put(box, words) {
  if (box && box.textContent !== words) box.textContent = words;
}

// The boxes of three planes, as the page's template has them.
export function panesOf(side, box) {
  return ["axial", "coronal", "sagittal"].map((name) => new Pane(side, name, box.querySelector(`[data-plane=${name}]`)));
}
