// Dose in Gy: at a point, and on the lattice of a plane. A dose is {grid, values, scale}: `values` holds
// whole steps [plane][row][column], a step being `scale` Gy. Between voxels it is interpolated linearly in
// all three directions; outside the outer voxels there is none (null), never zero.
import { dot, fromPlane } from "./geometry.js";
import { axisAlong, cornersOf, indexOf, marksAlong, placeAmong } from "./grid.js";

const EDGE = 1e-6;

// Gy at a point; null outside the grid.
export function doseAt(dose, point) {
  const { grid, values, scale } = dose;
  const [column, row, slice] = indexOf(grid, point);
  const x = inside(column, grid.columns);
  const y = inside(row, grid.rows);
  const z = inside(slice, grid.positions.length);
  if (!x || !y || !z) return null;
  let sum = 0;
  for (let n = 0; n < 8; n += 1) {
    const weight = (n & 1 ? x.part : 1 - x.part) * (n & 2 ? y.part : 1 - y.part) * (n & 4 ? z.part : 1 - z.part);
    if (weight === 0) continue;
    const at = ((z.low + (n & 4 ? 1 : 0)) * grid.rows + y.low + (n & 2 ? 1 : 0)) * grid.columns + x.low + (n & 1);
    sum += weight * values[at];
  }
  return sum * scale;
}

function inside(place, count) {
  if (!(place >= -EDGE && place <= count - 1 + EDGE)) return null;
  const low = Math.min(Math.max(Math.floor(place), 0), Math.max(count - 2, 0));
  return { low, part: Math.min(Math.max(place - low, 0), 1) };
}

// The dose on a plane: {us, vs, values} with values[j * us.length + i] at (us[i], vs[j]), both rising. Where
// the grid lies straight, its own lines are taken: between them the dose is bilinear, and nothing is lost.
// Else a lattice of `fine` mm. Null where the plane misses the grid.
export function onPlane(dose, plane, w, fine = 1) {
  const straight = [plane.right, plane.down, plane.through].every((one) => axisAlong(dose.grid, one));
  return straight ? straightPlane(dose, plane, w) : obliquePlane(dose, plane, w, fine);
}

function straightPlane({ grid, values, scale }, plane, w) {
  const [right, down, through] = [plane.right, plane.down, plane.through].map((one) => axisAlong(grid, one));
  const marks = marksAlong(grid, plane.through);
  const at = marks.length > 1 && through.sign < 0 ? placeAmong(marks.map((m) => -m), -w) : placeAmong(marks, w);
  const depth = inside(at, marks.length);
  if (!depth) return null;
  const strides = [1, grid.columns, grid.columns * grid.rows];
  const base = depth.low * strides[through.axis];
  const next = depth.part > 0 ? strides[through.axis] : 0;
  const us = marksAlong(grid, plane.right);
  const vs = marksAlong(grid, plane.down);
  const found = new Float32Array(us.length * vs.length);
  for (let j = 0; j < vs.length; j += 1) {
    const row = base + (down.sign < 0 ? vs.length - 1 - j : j) * strides[down.axis];
    for (let i = 0; i < us.length; i += 1) {
      const from = row + (right.sign < 0 ? us.length - 1 - i : i) * strides[right.axis];
      found[j * us.length + i] = (values[from] + depth.part * (values[from + next] - values[from])) * scale;
    }
  }
  return { us: rising(us), vs: rising(vs), values: found };
}

const rising = (list) => (list.length > 1 && list[0] > list[1] ? [...list].reverse() : list);

function obliquePlane(dose, plane, w, fine) {
  const corners = cornersOf(dose.grid);
  const [us, vs] = [plane.right, plane.down].map((direction) => {
    const ends = corners.map((corner) => dot(corner, direction));
    const low = Math.min(...ends);
    return Array.from({ length: Math.ceil((Math.max(...ends) - low) / fine) + 1 }, (_, i) => low + i * fine);
  });
  const values = new Float32Array(us.length * vs.length);
  let some = false;
  vs.forEach((v, j) => us.forEach((u, i) => {
    const gy = doseAt(dose, fromPlane(plane, u, v, w));
    some ||= gy !== null;
    values[j * us.length + i] = gy ?? NaN;
  }));
  return some ? { us, vs, values } : null;
}

// One plane of dose less another dose, where both are: a lattice of differences in Gy.
export function difference(lattice, plane, w, other) {
  const values = lattice.values.map((gy, n) => {
    const point = fromPlane(plane, lattice.us[n % lattice.us.length], lattice.vs[Math.floor(n / lattice.us.length)], w);
    const there = doseAt(other, point);
    return there === null ? NaN : gy - there;
  });
  return { ...lattice, values };
}
