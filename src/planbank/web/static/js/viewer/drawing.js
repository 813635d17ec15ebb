// What is drawn over the grey picture of a plane: wash, outlines, isodoses, beams, marks. Everything takes
// a canvas whose transform is in CSS pixels, and a `look`: {scene, plane, w, view, size, state}.
import { anglesOf, towardsSource } from "./beams.js";
import { difference } from "./dose.js";
import { dot, inPlane, niceLength, plus, toScreen } from "./geometry.js";
import { differenceTable, washTable } from "./levels.js";
import { wordsOf } from "./rulers.js";

const WASH = washTable();
const DIFFERENCE = differenceTable();
const FINE = 1.25; // mm per pixel of the wash
const MOST = 500000; // pixels of the wash
const BEAM = 400; // mm of a beam's axis that are drawn
const RULER = "#ffe14d";

// Run `draw` with a transform in the plane's mm, so that paths need not be made anew for another view.
function inMm(ctx, { view, size }, draw) {
  ctx.save();
  ctx.translate(size.width / 2 - view.u / view.mm, size.height / 2 - view.v / view.mm);
  ctx.scale(1 / view.mm, 1 / view.mm);
  draw(view.mm);
  ctx.restore();
}

export function drawOutlines(ctx, look, colourOf) {
  const { scene, plane, w, state } = look;
  inMm(ctx, look, (px) => {
    ctx.lineJoin = "round";
    ctx.lineCap = "round";
    for (const roi of scene.rois) {
      if (!state.showsRoi(roi)) continue;
      const path = scene.outline(roi, plane, w);
      if (!path) continue;
      const lifted = roi.id === state.roi || roi.id === state.lifted;
      ctx.strokeStyle = colourOf(roi);
      ctx.lineWidth = (lifted ? 3.2 : 1.5) * px;
      ctx.stroke(path);
    }
  });
}

export function drawIsodoses(ctx, look, doseKey, lines, dashed) {
  const { scene, plane, w, state } = look;
  inMm(ctx, look, (px) => {
    ctx.lineJoin = "round";
    for (const line of lines) {
      const found = scene.isodose(doseKey, plane, w, line.gy);
      if (!found?.path) continue;
      const dash = dashed ? [7, 5] : line.dash;
      ctx.setLineDash(dash.map((length) => length * px));
      ctx.strokeStyle = line.colour;
      ctx.lineWidth = (line.gy === state.liftedGy ? line.width + 1.6 : line.width) * px;
      ctx.stroke(found.path);
    }
  });
}

// Colour wash of a dose, or of its difference to another one.
export function drawWash(ctx, look, doseKey, { low, high }, other) {
  const { scene, plane, w } = look;
  const lattice = scene.lattice(doseKey, plane, w);
  if (!lattice || lattice.us.length < 2 || lattice.vs.length < 2) return;
  const name = `wash ${doseKey} ${plane.name} ${w.toFixed(3)} ${low} ${high} ${other?.mark ?? ""}`;
  const picture = scene.kept(name, () => washOf(other ? difference(lattice, plane, w, other.dose) : lattice, low, high, other));
  inMm(ctx, look, () => {
    const { us, vs } = lattice;
    ctx.imageSmoothingEnabled = true;
    ctx.drawImage(picture, us[0], vs[0], us[us.length - 1] - us[0], vs[vs.length - 1] - vs[0]);
  });
}

function washOf({ us, vs, values }, low, high, other) {
  const table = other ? DIFFERENCE : WASH;
  const span = (list) => Math.max(list[list.length - 1] - list[0], 1);
  const step = Math.max(FINE, Math.sqrt((span(us) * span(vs)) / MOST));
  const wide = Math.max(Math.round(span(us) / step), 2);
  const high_ = Math.max(Math.round(span(vs) / step), 2);
  const canvas = new OffscreenCanvas(wide, high_);
  const ctx = canvas.getContext("2d");
  const image = ctx.createImageData(wide, high_);
  const words = new Uint32Array(image.data.buffer);
  const times = 255 / Math.max(high - low, 1e-6);
  const columns = Float64Array.from({ length: wide }, (_, x) => ((x + 0.5) / wide) * (us.length - 1));
  for (let y = 0; y < high_; y += 1) {
    const row = ((y + 0.5) / high_) * (vs.length - 1);
    const j = Math.min(Math.floor(row), vs.length - 2);
    for (let x = 0; x < wide; x += 1) {
      const i = Math.min(Math.floor(columns[x]), us.length - 2);
      const n = j * us.length + i;
      const part = columns[x] - i;
      const top = values[n] + part * (values[n + 1] - values[n]);
      const below = values[n + us.length] + part * (values[n + us.length + 1] - values[n + us.length]);
      const gy = top + (row - j) * (below - top);
      if (Number.isNaN(gy) || (!other && gy < low)) continue;
      words[y * wide + x] = table[Math.min(Math.max(Math.round((gy - low) * times), 0), 255)];
    }
  }
  ctx.putImageData(image, 0, 0);
  return canvas;
}

// Isocentres as rings with a cross, and the beams' axes as far as they lie near the plane.
export function drawBeams(ctx, look, colour) {
  const { scene, plane, w, view, size } = look;
  const seen = new Set();
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.fillStyle = colour;
  ctx.font = "12px system-ui, sans-serif";
  for (const beam of scene.about.beams) {
    if ((beam.frame ?? "f0") !== scene.frame) continue;
    const [u, v, at] = inPlane(plane, beam.isocentre);
    const [x, y] = toScreen(view, size, u, v);
    const near = Math.abs(at - w) <= Math.max(scene.half, 1.5);
    ctx.globalAlpha = near ? 1 : 0.45;
    drawAxes(ctx, look, beam, [x, y]);
    const name = beam.isocentre.map((mm) => mm.toFixed(1)).join();
    if (seen.has(name)) continue;
    seen.add(name);
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    ctx.arc(x, y, 7, 0, 2 * Math.PI);
    ctx.moveTo(x - 11, y);
    ctx.lineTo(x + 11, y);
    ctx.moveTo(x, y - 11);
    ctx.lineTo(x, y + 11);
    ctx.stroke();
  }
  ctx.restore();
}

function drawAxes(ctx, look, beam, [x, y]) {
  const { scene, plane, view, size } = look;
  const position = scene.about.plan.position || scene.image?.position;
  const angles = anglesOf(beam);
  const ends = angles.map((angle) => {
    const towards = towardsSource(angle, beam.couch, position);
    if (!towards) return null;
    const [u, v] = inPlane(plane, plus(beam.isocentre, towards, BEAM));
    return [...toScreen(view, size, u, v), Math.abs(dot(towards, plane.through))];
  });
  if (ends.some((end) => end === null)) return;
  ctx.lineWidth = 1;
  const outer = ends.length > 1 ? [ends[0], ends[ends.length - 1]] : ends;
  for (const [toX, toY, through] of outer) {
    if (through > 0.95) continue;
    ctx.setLineDash(ends.length > 1 ? [2, 6] : [10, 4]);
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(toX, toY);
    ctx.stroke();
    ctx.setLineDash([]);
    if (ends.length > 1) continue;
    const along = Math.hypot(toX - x, toY - y);
    const most = Math.min(along, 0.42 * Math.min(size.width, size.height));
    label(ctx, beam.name, x + ((toX - x) * most) / along, y + ((toY - y) * most) / along);
  }
  if (ends.length > 1 && ends.every(([, , through]) => through < 0.5)) {
    ctx.setLineDash([4, 3]);
    ctx.beginPath();
    ends.forEach(([toX, toY], i) => {
      const [px, py] = [x + (toX - x) * 0.3, y + (toY - y) * 0.3];
      if (i) ctx.lineTo(px, py);
      else ctx.moveTo(px, py);
    });
    ctx.stroke();
    ctx.setLineDash([]);
    label(ctx, beam.name, x + (ends[0][0] - x) * 0.3, y + (ends[0][1] - y) * 0.3);
  }
}

export function label(ctx, text, x, y) {
  const wide = ctx.measureText(text).width;
  const { fillStyle } = ctx;
  ctx.fillStyle = "rgb(0 0 0 / 70%)";
  ctx.fillRect(x - wide / 2 - 3, y - 8, wide + 6, 16);
  ctx.fillStyle = fillStyle;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(text, x, y);
}

// The crosshair: where the two other planes cut this one.
export function drawCrosshair(ctx, { plane, view, size }, cursor) {
  const [u, v] = inPlane(plane, cursor);
  const [x, y] = toScreen(view, size, u, v).map((px) => Math.round(px) + 0.5);
  ctx.save();
  ctx.strokeStyle = "rgb(255 255 255 / 55%)";
  ctx.lineWidth = 1;
  ctx.setLineDash([6, 5]);
  ctx.beginPath();
  for (const [x0, y0, x1, y1] of [[0, y, x - 12, y], [x + 12, y, size.width, y], [x, 0, x, y - 12], [x, y + 12, x, size.height]]) {
    ctx.moveTo(x0, y0);
    ctx.lineTo(x1, y1);
  }
  ctx.stroke();
  ctx.restore();
}

// Where slices lack: hatched bands across the planes that stand on them.
export function drawLacking(ctx, look) {
  const { scene, plane, view, size } = look;
  const { lacking, planes } = scene;
  if (!lacking.length || plane.name === "axial") return;
  const sign = dot(planes.axial.through, plane.down) > 0 ? 1 : -1;
  const half = scene.half;
  ctx.save();
  ctx.strokeStyle = "#f0c067";
  ctx.lineWidth = 1;
  ctx.globalAlpha = 0.5;
  for (const mark of lacking) {
    const ys = [mark - half, mark + half].map((mm) => toScreen(view, size, 0, sign * mm)[1]);
    const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
    if (bottom < 0 || top > size.height) continue;
    ctx.beginPath();
    ctx.rect(0, top, size.width, Math.max(bottom - top, 1));
    ctx.save();
    ctx.clip();
    ctx.beginPath();
    for (let x = -size.height; x < size.width; x += 12) {
      ctx.moveTo(x, bottom);
      ctx.lineTo(x + (bottom - top) + 8, top - 8);
    }
    ctx.stroke();
    ctx.restore();
  }
  ctx.restore();
}

// Findings that know their place: an amber ring with a number, when the plane passes there.
export function drawMarks(ctx, look, marks) {
  const { scene, plane, w, view, size } = look;
  ctx.save();
  ctx.font = "bold 12px system-ui, sans-serif";
  for (const { number, point } of marks) {
    const [u, v, at] = inPlane(plane, point);
    if (Math.abs(at - w) > Math.max(scene.half, 2)) continue;
    const [x, y] = toScreen(view, size, u, v);
    ctx.strokeStyle = "#f0c067";
    ctx.fillStyle = "#f0c067";
    ctx.lineWidth = 2;
    ctx.beginPath();
    ctx.arc(x, y, 10, 0, 2 * Math.PI);
    ctx.stroke();
    label(ctx, String(number), x + 16, y - 12);
  }
  ctx.restore();
}

// A bar of a length that reads well, right of the middle at the foot.
export function drawScale(ctx, { view, size }) {
  const mm = niceLength(Math.min(size.width * 0.22, 130) * view.mm);
  const wide = mm / view.mm;
  const [x, y] = [Math.round(size.width / 2 - wide / 2) + 0.5, Math.round(size.height) - 10.5];
  ctx.save();
  ctx.strokeStyle = "#e8ecef";
  ctx.fillStyle = "#e8ecef";
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(x, y - 4);
  ctx.lineTo(x, y);
  ctx.lineTo(x + wide, y);
  ctx.lineTo(x + wide, y - 4);
  ctx.stroke();
  ctx.font = "11.5px system-ui, sans-serif";
  label(ctx, mm >= 10 ? `${mm / 10} cm` : `${mm} mm`, x + wide / 2, y - 10);
  ctx.restore();
}

// Distances, on every plane that passes through both ends.
export function drawRulers(ctx, { scene, plane, w, view, size }, rulers) {
  ctx.save();
  ctx.strokeStyle = RULER;
  ctx.fillStyle = RULER;
  ctx.lineWidth = 1.5;
  ctx.font = "600 12px system-ui, sans-serif";
  for (const ruler of rulers) {
    const ends = [ruler.from, ruler.to].map((point) => inPlane(plane, point));
    if (ends.some(([, , at]) => Math.abs(at - w) > Math.max(scene.half, 0.5))) continue;
    const [[x0, y0], [x1, y1]] = ends.map(([u, v]) => toScreen(view, size, u, v));
    const long = Math.hypot(x1 - x0, y1 - y0) || 1;
    const [ax, ay] = [(-5 * (y1 - y0)) / long, (5 * (x1 - x0)) / long];
    ctx.beginPath();
    ctx.moveTo(x0, y0);
    ctx.lineTo(x1, y1);
    for (const [x, y] of [[x0, y0], [x1, y1]]) {
      ctx.moveTo(x - ax, y - ay);
      ctx.lineTo(x + ax, y + ay);
    }
    ctx.stroke();
    label(ctx, wordsOf(ruler), (x0 + x1) / 2 + 3 * ax, (y0 + y1) / 2 + 3 * ay);
  }
  ctx.restore();
}
