// Contours of ROIs: on their own plane, and cut by the other two. A stack is {name, marks, rings, usual}:
// `marks[k]` is the place (mm along the plane's `through`) of the k-th plane of contours, `rings[k]` its
// polygons as Float64Array [u, v, ...]. All polygons of a plane count together by the even-odd rule, so
// that holes and keyholes are what they are in the DVH.
import { dot, inPlane } from "./geometry.js";
import { nearestAmong, pitch } from "./grid.js";

// Contours whose places differ by less are one plane (0.01 mm of rounding is usual), in mm.
const TOGETHER = 0.1;
// A contour that leaves its plane by more is not flat, in mm.
const FLAT = 0.5;
// Between planes of contours further apart than this many usual distances nothing is drawn.
const GAP = 1.6;

// Points of a contour of a structure set's part: [[x, y, z], ...] in mm.
export function pointsOf(set, [first, count]) {
  const step = set.steps ?? 50;
  return Array.from({ length: count }, (_, i) => {
    const n = 3 * (first + i);
    return [0, 1, 2].map((axis) => set.origin[axis] + set.points[n + axis] / step);
  });
}

// The contours of an ROI, ordered by plane; the plane is the one in which most of them lie flat.
export function stackOf(set, roi, planes) {
  const loops = roi.contours.map((place) => pointsOf(set, place));
  const flats = Object.values(planes).map((plane) => [plane, loops.filter((loop) => isFlat(loop, plane))]);
  flats.sort((a, b) => b[1].length - a[1].length);
  const [plane, flat] = flats[0];
  const placed = flat.map((loop) => {
    const ring = new Float64Array(2 * loop.length);
    let through = 0;
    loop.forEach((point, i) => {
      const [u, v, w] = inPlane(plane, point);
      ring.set([u, v], 2 * i);
      through += w / loop.length;
    });
    return { ring, through };
  });
  placed.sort((a, b) => a.through - b.through);
  const marks = [];
  const rings = [];
  for (const { ring, through } of placed) {
    if (!marks.length || through - marks[marks.length - 1] > TOGETHER) {
      marks.push(through);
      rings.push([]);
    }
    rings[rings.length - 1].push(ring);
  }
  return { name: plane.name, marks, rings, usual: pitch(marks, 0), tilted: loops.length - flat.length };
}

function isFlat(loop, plane) {
  let low = Infinity;
  let high = -Infinity;
  for (const point of loop) {
    const w = dot(plane.through, point);
    low = Math.min(low, w);
    high = Math.max(high, w);
  }
  return high - low <= FLAT;
}

// Number of the plane of contours that belongs to the slice at w: the nearest, within `half` mm; else -1.
export function planeAt(stack, w, half) {
  if (!stack.marks.length) return -1;
  const k = nearestAmong(stack.marks, w);
  return Math.abs(stack.marks[k] - w) <= half + 1e-3 ? k : -1;
}

// The lines to draw of a ring: without the slit of a keyhole, which runs there and back over the same
// points and is no border. Segments [u0, v0, u1, v1, ...] that follow each other where they can.
export function borderOf(ring) {
  const n = ring.length / 2;
  const key = (i) => `${Math.round(ring[2 * (i % n)] * 100)},${Math.round(ring[2 * (i % n) + 1] * 100)}`;
  const keys = Array.from({ length: n }, (_, i) => key(i));
  const edges = new Map();
  for (let i = 0; i < n; i += 1) {
    const name = `${keys[i]} ${keys[(i + 1) % n]}`;
    edges.set(name, (edges.get(name) ?? 0) + 1);
  }
  const kept = [];
  for (let i = 0; i < n; i += 1) {
    const j = (i + 1) % n;
    const back = `${keys[j]} ${keys[i]}`;
    if (keys[i] === keys[j]) continue;
    if (!edges.get(back)) kept.push([ring[2 * i], ring[2 * i + 1], ring[2 * j], ring[2 * j + 1]]);
  }
  return kept;
}

// Whether a point lies inside the rings of a plane, by the even-odd rule.
export function isInside(rings, u, v) {
  let inside = false;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      if (ring[i + 1] > v !== ring[j + 1] > v) {
        const at = ring[i] + ((v - ring[i + 1]) / (ring[j + 1] - ring[i + 1])) * (ring[j] - ring[i]);
        if (u < at) inside = !inside;
      }
    }
  }
  return inside;
}

// Where a line u = fixed (axis 0) or v = fixed (axis 1) runs inside the rings: [[from, to], ...] rising.
export function inside(rings, axis, fixed) {
  const crossings = [];
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      const [here, there] = [ring[i + axis], ring[j + axis]];
      if (here > fixed === there > fixed) continue;
      const part = (fixed - here) / (there - here);
      crossings.push(ring[i + 1 - axis] + part * (ring[j + 1 - axis] - ring[i + 1 - axis]));
    }
  }
  crossings.sort((a, b) => a - b);
  const found = [];
  for (let i = 0; i + 1 < crossings.length; i += 2) {
    const before = found[found.length - 1];
    if (crossings[i + 1] - crossings[i] < 1e-6) continue;
    if (before && crossings[i] - before[1] < 1e-3) before[1] = crossings[i + 1];
    else found.push([crossings[i], crossings[i + 1]]);
  }
  return found;
}

// The border of the stack on another plane at w, as segments [u0, v0, u1, v1] in that plane's mm. Each
// plane of contours stands for half the way to its neighbours, as in the volume of the DVH: runs of
// neighbours that overlap one to one are joined straight, all others end half way. `otherwise` is the
// thickness (mm) of a stack of one plane.
export function cut(stack, planes, target, w, otherwise = 3) {
  const own = planes[stack.name];
  const plane = planes[target];
  const alongRight = Math.abs(dot(own.right, plane.through));
  const axis = alongRight > 0.5 ? 0 : 1;
  const sign = dot(axis === 0 ? own.right : own.down, plane.through) > 0 ? 1 : -1;
  const runs = stack.rings.map((rings) => inside(rings, axis, sign * w));
  const place = placing(own, plane, axis);
  const half = (stack.usual || otherwise) / 2;
  const lines = [];
  const line = (s0, t0, s1, t1) => lines.push([...place(s0, t0), ...place(s1, t1)]);
  for (let k = -1; k < runs.length; k += 1) {
    const [below, above] = [runs[k], runs[k + 1]];
    const [low, high] = [stack.marks[k], stack.marks[k + 1]];
    if (below && above && high - low <= GAP * 2 * half) {
      band(line, below, above, low, high);
    } else {
      if (below) cap(line, below, low, low + half);
      if (above) cap(line, above, high, high - half);
    }
  }
  return lines;
}

// (s along the free axis of the stack's plane, t through it) -> (u, v) of the cutting plane.
function placing(own, plane, axis) {
  const free = axis === 0 ? own.down : own.right;
  const [su, sv] = [dot(free, plane.right), dot(free, plane.down)].map(Math.round);
  const [tu, tv] = [dot(own.through, plane.right), dot(own.through, plane.down)].map(Math.round);
  return (s, t) => [su * s + tu * t, sv * s + tv * t];
}

function cap(line, runs, from, to) {
  for (const [a, b] of runs) {
    line(a, from, a, to);
    line(b, from, b, to);
    line(a, to, b, to);
  }
}

function band(line, below, above, low, high) {
  const touches = ([a, b], [c, d]) => a < d && c < b;
  const middle = (low + high) / 2;
  const partners = below.map((run) => above.filter((other) => touches(run, other)));
  const rest = { below: [], above: new Set(above) };
  below.forEach((run, i) => {
    const [only] = partners[i];
    if (partners[i].length === 1 && below.filter((other) => touches(other, only)).length === 1) {
      line(run[0], low, only[0], high);
      line(run[1], low, only[1], high);
      rest.above.delete(only);
    } else rest.below.push(run);
  });
  for (const [runs, from] of [[rest.below, low], [[...rest.above], high]]) {
    for (const [a, b] of runs) {
      line(a, from, a, middle);
      line(b, from, b, middle);
    }
  }
  // Half way, the border runs wherever one side is inside and the other is not.
  const ends = [...rest.below, ...rest.above].flat().sort((a, b) => a - b);
  const covers = (runs, s) => [...runs].some(([a, b]) => a < s && s < b);
  for (let i = 0; i + 1 < ends.length; i += 1) {
    const s = (ends[i] + ends[i + 1]) / 2;
    if (covers(rest.below, s) !== covers(rest.above, s)) line(ends[i], middle, ends[i + 1], middle);
  }
}
