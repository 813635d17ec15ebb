// Distances that people measure: two points of the patient each, in mm. Pure but for the drawing.
import { label } from "./drawing.js";
import { inPlane, toScreen } from "./geometry.js";
import { number, say } from "./words.js";

const COLOUR = "#ffe14d";
export const MOST = 9;

export const lengthOf = ({ from, to }) => Math.hypot(...from.map((mm, i) => to[i] - mm));

// '12.3 mm'.
export const wordsOf = (ruler) => say("distance", { mm: number(lengthOf(ruler), 1) });

// Rulers as numbers for the address, and back; what is no six numbers counts as not said.
export const flat = (rulers) => rulers.flatMap(({ from, to }) => [...from, ...to]);

export function rulersOf(numbers) {
  const whole = Math.min(Math.floor((numbers?.length ?? 0) / 6), MOST);
  return Array.from({ length: whole }, (_, i) => {
    const six = numbers.slice(6 * i, 6 * i + 6);
    return { from: six.slice(0, 3), to: six.slice(3) };
  });
}

// On every plane that passes through both ends.
export function drawRulers(ctx, { scene, plane, w, view, size }, rulers) {
  ctx.save();
  ctx.strokeStyle = COLOUR;
  ctx.fillStyle = COLOUR;
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
