// Where the voxels of a stack lie. A grid is {origin, row, column, normal, spacing: [between rows, between
// columns], positions, rows, columns}: mm in patient coordinates; `positions` rise along the normal from
// slice 0 and may be uneven. Indices are [column, row, slice], whole at the middle of a voxel.
import { dot, plus, scaled } from "./geometry.js";

// Fractional index of `value` among positions that rise; beyond an end by the spacing of that end.
export function placeAmong(positions, value) {
  const last = positions.length - 1;
  if (last < 1) return value - (positions[0] ?? 0);
  let low = 0;
  let high = last - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (positions[middle] <= value) low = middle;
    else high = middle - 1;
  }
  return low + (value - positions[low]) / (positions[low + 1] - positions[low]);
}

// Index of the position nearest to a value.
export function nearestAmong(positions, value) {
  return Math.min(Math.max(Math.round(placeAmong(positions, value)), 0), positions.length - 1);
}

export function indexOf(grid, point) {
  const away = plus(point, grid.origin, -1);
  return [
    dot(away, grid.row) / grid.spacing[1],
    dot(away, grid.column) / grid.spacing[0],
    placeAmong(grid.positions, dot(away, grid.normal)),
  ];
}

export function pointOf(grid, column, row, position) {
  const across = plus(grid.origin, grid.row, column * grid.spacing[1]);
  return plus(plus(across, grid.column, row * grid.spacing[0]), grid.normal, position);
}

const pitches = new WeakMap(); // of lists, which never change: asked for several times a frame

// The usual distance of neighbours: the median, which a few lacking slices do not move.
export function pitch(positions, otherwise = 3) {
  if (positions.length < 2) return otherwise;
  if (!pitches.has(positions)) {
    const gaps = positions.slice(1).map((value, i) => value - positions[i]);
    gaps.sort((a, b) => a - b);
    pitches.set(positions, gaps[gaps.length >> 1]);
  }
  return pitches.get(positions);
}

// Which axis of the grid a unit vector runs along: {axis: 0 row, 1 column, 2 normal, sign}; null if oblique.
export function axisAlong(grid, direction) {
  const axes = [grid.row, grid.column, grid.normal];
  const axis = axes.findIndex((one) => Math.abs(dot(one, direction)) > 0.999999);
  return axis < 0 ? null : { axis, sign: dot(axes[axis], direction) > 0 ? 1 : -1 };
}

// Coordinates of the middles of voxels along an axis of the grid, as mm along `direction`, in index order.
export function marksAlong(grid, direction) {
  const { axis, sign } = axisAlong(grid, direction);
  const start = dot(grid.origin, direction);
  if (axis === 2) return grid.positions.map((position) => start + sign * position);
  const [count, step] = axis === 0 ? [grid.columns, grid.spacing[1]] : [grid.rows, grid.spacing[0]];
  return Array.from({ length: count }, (_, i) => start + sign * i * step);
}

// The grid's corners, half a voxel beyond the outer middles.
export function cornersOf(grid) {
  const half = pitch(grid.positions) / 2;
  const last = grid.positions[grid.positions.length - 1];
  const found = [];
  for (const column of [-0.5, grid.columns - 0.5]) {
    for (const row of [-0.5, grid.rows - 0.5]) {
      for (const position of [grid.positions[0] - half, last + half]) found.push(pointOf(grid, column, row, position));
    }
  }
  return found;
}

export const middleOf = (grid) => scaled(cornersOf(grid).reduce((sum, point) => plus(sum, point), [0, 0, 0]), 1 / 8);
