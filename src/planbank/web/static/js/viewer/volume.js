// Images as grey pictures: HU at a point, the pixels of a plane, windows. A volume is {grid, slices,
// slope, intercept}: `slices[i]` is an Int16Array of rows x columns, or null until it has come.
import { dot } from "./geometry.js";
import { axisAlong, indexOf, marksAlong, nearestAmong, pitch, placeAmong } from "./grid.js";

// Two slices further apart than this many usual distances have something lacking between them.
const GAP = 1.6;

// Value of the voxel that holds a point; null outside, between slices that lack, or not come yet.
export function valueAt(volume, point) {
  const { grid, slices } = volume;
  const [column, row] = indexOf(grid, point).map(Math.round);
  if (column < 0 || row < 0 || column >= grid.columns || row >= grid.rows) return null;
  const k = sliceAt(grid, dot(point, grid.normal) - dot(grid.origin, grid.normal));
  if (k < 0 || !slices[k]) return null;
  return slices[k][row * grid.columns + column] * volume.slope + volume.intercept;
}

// Number of the slice that shows a position: the nearest one, if it lies within half a distance; else -1.
export function sliceAt(grid, position) {
  const k = nearestAmong(grid.positions, position);
  const away = position - grid.positions[k];
  const next = grid.positions[away > 0 ? k + 1 : k - 1];
  const usual = pitch(grid.positions);
  const gap = next === undefined ? usual : Math.abs(next - grid.positions[k]);
  return Math.abs(away) <= Math.min(gap, GAP * usual) / 2 + 1e-6 ? k : -1;
}

// 65,536 grey values as RGBA words, one for each stored number.
export function greyTable(slope, intercept, { centre, width }, table = new Uint32Array(65536)) {
  const low = centre - width / 2;
  const times = 255 / Math.max(width, 1e-6);
  for (let stored = -32768; stored < 32768; stored += 1) {
    const grey = Math.min(Math.max(Math.round((stored * slope + intercept - low) * times), 0), 255);
    table[stored & 0xffff] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
  return table;
}

// How the picture of a plane is laid out: {wide, high, u0, v0, du, dv} with pixel (0, 0)'s middle at
// (u0, v0). Along slices that lie unevenly, pixels are as wide as the narrowest usual distance allows.
export function layout(grid, plane) {
  const across = line(grid, plane.right);
  const down = line(grid, plane.down);
  return { wide: across.count, high: down.count, u0: across.start, v0: down.start, du: across.step, dv: down.step };
}

function line(grid, direction) {
  const along = axisAlong(grid, direction);
  const marks = marksAlong(grid, direction);
  const low = Math.min(marks[0], marks[marks.length - 1]);
  const high = Math.max(marks[0], marks[marks.length - 1]);
  if (along.axis !== 2) return { start: low, step: (high - low) / Math.max(marks.length - 1, 1) || 1, count: marks.length };
  const usual = pitch(grid.positions);
  const step = Math.min(usual, Math.max(Math.min(...grid.spacing), usual / 8));
  const count = Math.max(Math.round((high - low + usual) / step), 1);
  return { start: low - usual / 2 + step / 2, step, count };
}

// Fill `words` (RGBA) with the plane at w; nothing is drawn where no image is. The answer: whether all
// slices that it needs had come.
export function paint(volume, plane, w, table, place, words) {
  const { grid } = volume;
  const through = axisAlong(grid, plane.through);
  const [right, down] = [axisAlong(grid, plane.right), axisAlong(grid, plane.down)];
  const at = through.sign * w - dot(grid.origin, [grid.row, grid.column, grid.normal][through.axis]);
  words.fill(0);
  if (through.axis === 2) return paintSlice(volume, at, { right, down }, table, place, words);
  const [count, step] = through.axis === 0 ? [grid.columns, grid.spacing[1]] : [grid.rows, grid.spacing[0]];
  const fixed = Math.round(at / step);
  if (fixed < 0 || fixed >= count) return true;
  return paintAcross(volume, { fixed, through, right, down }, table, place, words);
}

function paintSlice({ grid, slices }, at, { right, down }, table, place, words) {
  const k = sliceAt(grid, at);
  if (k < 0) return true;
  const stored = slices[k];
  if (!stored) return false;
  const strides = [1, grid.columns];
  const start = (right.sign < 0 ? (place.wide - 1) * strides[right.axis] : 0) + (down.sign < 0 ? (place.high - 1) * strides[down.axis] : 0);
  const [across, below] = [right.sign * strides[right.axis], down.sign * strides[down.axis]];
  let to = 0;
  for (let y = 0; y < place.high; y += 1) {
    let from = start + y * below;
    for (let x = 0; x < place.wide; x += 1, from += across, to += 1) words[to] = table[stored[from] & 0xffff];
  }
  return true;
}

// Across slices: between two neighbours the pixel is their mean by distance; slices may run along or down.
function paintAcross({ grid, slices }, { fixed, through, right, down }, table, place, words) {
  const alongRight = right.axis === 2;
  const [stack, other] = alongRight ? [right, down] : [down, right];
  const [start, step, lines] = alongRight ? [place.u0, place.du, place.wide] : [place.v0, place.dv, place.high];
  const count = alongRight ? place.high : place.wide;
  const stride = other.axis === 0 ? 1 : grid.columns;
  const first = fixed * (through.axis === 0 ? 1 : grid.columns) + (other.sign < 0 ? (count - 1) * stride : 0);
  const base = dot(grid.origin, grid.normal);
  const [toLine, toPixel] = alongRight ? [1, place.wide] : [place.wide, 1];
  let whole = true;
  for (let i = 0; i < lines; i += 1) {
    const between = neighbours(grid, stack.sign * (start + i * step) - base);
    if (!between) continue;
    const [one, two] = [slices[between.low], slices[between.high]];
    if (!one || !two) {
      whole = false;
      if (!one && !two) continue;
    }
    const part = !one ? 1 : !two ? 0 : between.part;
    const [a, b] = [one ?? two, two ?? one];
    let from = first;
    let to = i * toLine;
    const move = other.sign * stride;
    for (let n = 0; n < count; n += 1, from += move, to += toPixel) {
      words[to] = table[Math.round(a[from] + part * (b[from] - a[from])) & 0xffff];
    }
  }
  return whole;
}

// The slices on both sides of a position and the part of the way; one alone at ends and beside gaps.
function neighbours(grid, position) {
  const { positions } = grid;
  const usual = pitch(positions);
  const place = placeAmong(positions, position);
  const low = Math.floor(place);
  if (low >= 0 && low < positions.length - 1 && positions[low + 1] - positions[low] <= GAP * usual) {
    return { low, high: low + 1, part: place - low };
  }
  const k = sliceAt(grid, position);
  return k < 0 ? null : { low: k, high: k, part: 0 };
}
