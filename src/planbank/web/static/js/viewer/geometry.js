// Vectors and planes in patient coordinates: mm, LPS (x to the patient's left, y to the back, z to the
// head; DICOM PS3.3, C.7.6.2.1.1). A plane is {name, right, down, through}: unit vectors along the screen
// and out of it; whatever lies in it has coordinates u (right), v (down) and w (through), all in mm.

export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const plus = (a, b, times = 1) => [a[0] + times * b[0], a[1] + times * b[1], a[2] + times * b[2]];
export const scaled = (a, times) => [a[0] * times, a[1] * times, a[2] * times];
export const cross = (a, b) => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

export const NAMES = ["axial", "coronal", "sagittal"];
const PATIENT = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

// The axes of a grid that lie nearest to left, back and head, turned so that they point there. A straight
// grid gives the patient's own axes, an oblique one its own: its pixels are never mixed to be shown.
export function anatomical(grid) {
  const axes = grid ? [grid.row, grid.column, grid.normal] : PATIENT;
  const free = new Set([0, 1, 2]);
  const found = [null, null, null];
  const pairs = [];
  for (let patient = 0; patient < 3; patient += 1) {
    for (let axis = 0; axis < 3; axis += 1) pairs.push([Math.abs(axes[axis][patient]), patient, axis]);
  }
  pairs.sort((a, b) => b[0] - a[0]);
  for (const [, patient, axis] of pairs) {
    if (found[patient] || !free.has(axis)) continue;
    free.delete(axis);
    found[patient] = scaled(axes[axis], axes[axis][patient] < 0 ? -1 : 1);
  }
  return { left: found[0], back: found[1], head: found[2] };
}

// The three planes as radiotherapy shows them: the patient's left at the right, the back or the feet down.
export function planesOf(grid) {
  const { left, back, head } = anatomical(grid);
  const feet = scaled(head, -1);
  return {
    axial: { name: "axial", right: left, down: back, through: head },
    coronal: { name: "coronal", right: left, down: feet, through: back },
    sagittal: { name: "sagittal", right: back, down: feet, through: left },
  };
}

export const inPlane = (plane, point) => [dot(plane.right, point), dot(plane.down, point), dot(plane.through, point)];

// The point at (u, v, w). The axes stand at right angles to each other, so that the way back is a sum.
export function fromPlane(plane, u, v, w) {
  return plus(plus(scaled(plane.right, u), plane.down, v), plane.through, w);
}

// Letters of the ends of an axis, as on films: the strongest part first, a second one where it is oblique.
export function letters(direction) {
  const ends = [
    ["L", "R"],
    ["P", "A"],
    ["H", "F"],
  ];
  return [0, 1, 2]
    .filter((i) => Math.abs(direction[i]) > 0.3)
    .sort((a, b) => Math.abs(direction[b]) - Math.abs(direction[a]))
    .slice(0, 2)
    .map((i) => ends[i][direction[i] > 0 ? 0 : 1])
    .join("");
}

// A view of a plane: {u, v} at the middle of the canvas, mm per CSS pixel.
export const toScreen = (view, size, u, v) => [
  size.width / 2 + (u - view.u) / view.mm,
  size.height / 2 + (v - view.v) / view.mm,
];

export const fromScreen = (view, size, x, y) => [
  view.u + (x - size.width / 2) * view.mm,
  view.v + (y - size.height / 2) * view.mm,
];

// The view that shows a box of (u, v) whole, with a little air.
export function fit(box, size) {
  const wide = Math.max(box.u[1] - box.u[0], 1);
  const high = Math.max(box.v[1] - box.v[0], 1);
  const mm = Math.max(wide / Math.max(size.width, 1), high / Math.max(size.height, 1)) * 1.04;
  return { u: (box.u[0] + box.u[1]) / 2, v: (box.v[0] + box.v[1]) / 2, mm };
}

// The same view, larger or smaller, with the point under (x, y) staying where it is.
export function zoomed(view, size, x, y, times) {
  const [u, v] = fromScreen(view, size, x, y);
  const mm = Math.min(Math.max(view.mm / times, 0.02), 20);
  return { mm, u: u - (x - size.width / 2) * mm, v: v - (y - size.height / 2) * mm };
}

// A length of the scale bar that reads well and stays under `most` mm.
export function niceLength(most) {
  const power = 10 ** Math.floor(Math.log10(most));
  return [5, 2, 1].map((n) => n * power).find((n) => n <= most) ?? power;
}
