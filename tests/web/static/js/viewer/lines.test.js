// Isodose lines and contours, held to the dose and the polygons of Python.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as contours from "./viewer/contours.js";
import { difference, doseAt, onPlane } from "./viewer/dose.js";
import { fromPlane, planesOf } from "./viewer/geometry.js";
import { distanceTo, isolines } from "./viewer/isolines.js";

const reference = JSON.parse(readFileSync("reference.json"));
const close = (found, expected, within = 1e-6) =>
  assert.ok(Math.abs(found - expected) <= within, `${found} is not ${expected}`);
const doseOf = ({ grid, steps, scale }) => ({ grid, scale, values: Uint16Array.from(steps) });

test("dose at points is linear between voxels in every orientation, and none outside", () => {
  for (const { grid, stored, asked } of reference.grids) {
    const dose = { grid, scale: 0.01, values: Uint16Array.from(stored, Math.abs) };
    for (const { point, gy } of asked) close(doseAt(dose, point), gy, 1e-6);
    assert.equal(doseAt(dose, [500, 0, 0]), null);
  }
});

test("the lattice of a plane is the dose at its points, in every orientation", () => {
  for (const { grid, stored, asked } of reference.grids) {
    const dose = { grid, scale: 0.01, values: Uint16Array.from(stored, Math.abs) };
    for (const plane of Object.values(planesOf(grid))) {
      const w = asked[0].point.reduce((sum, mm, i) => sum + mm * plane.through[i], 0);
      const { us, vs, values } = onPlane(dose, plane, w);
      for (let n = 0; n < values.length; n += 7) {
        const point = fromPlane(plane, us[n % us.length], vs[Math.floor(n / us.length)], w);
        close(values[n], doseAt(dose, point), 1e-4);
      }
    }
  }
});

test("every point of a drawn isodose has its dose within 0.1 Gy, in all planes (ui.md, check 8)", () => {
  const dose = doseOf(reference.dose);
  let points = 0;
  for (const plane of Object.values(planesOf(null))) {
    for (const w of [-9.71, -4.2, 0.33, 1.3, 7.77]) {
      const lattice = onPlane(dose, plane, w);
      for (const level of [5, 12.5, 20, 25.3, 30, 38.05, 40.05, 44, 47.5]) {
        for (const chain of isolines(lattice, level)) {
          for (let i = 0; i + 3 < chain.length; i += 2) {
            for (const part of [0, 0.3, 0.5, 0.8]) {
              const u = chain[i] + part * (chain[i + 2] - chain[i]);
              const v = chain[i + 1] + part * (chain[i + 3] - chain[i + 1]);
              close(doseAt(dose, fromPlane(plane, u, v, w)), level, 0.05);
              points += 1;
            }
          }
        }
      }
    }
  }
  assert.ok(points > 5000, String(points));
});

test("lines close, or end at the edge of the grid", () => {
  const lattice = onPlane(doseOf(reference.dose), planesOf(null).axial, 0);
  const edge = (u, v) =>
    [lattice.us[0], lattice.us[lattice.us.length - 1]].some((end) => Math.abs(u - end) < 1e-6) ||
    [lattice.vs[0], lattice.vs[lattice.vs.length - 1]].some((end) => Math.abs(v - end) < 1e-6);
  for (const level of [10, 26, 35, 45]) {
    const chains = isolines(lattice, level);
    assert.ok(chains.length > 0 && chains.length < 12, `${chains.length} lines at ${level} Gy`);
    for (const chain of chains) {
      const [u0, v0, u1, v1] = [...chain.slice(0, 2), ...chain.slice(-2)];
      const closed = Math.hypot(u0 - u1, v0 - v1) < 1e-3;
      assert.ok(closed || (edge(u0, v0) && edge(u1, v1)), `${level} Gy`);
    }
  }
  const [chain] = isolines(lattice, 45);
  close(distanceTo([chain], chain[0], chain[1]), 0);
});

test("a voxel without dose breaks no line and makes none", () => {
  const lattice = { us: [0, 1, 2], vs: [0, 1], values: Float32Array.from([0, 2, NaN, 0, 2, NaN]) };
  assert.deepEqual(isolines(lattice, 1).map((chain) => chain.length), [4]);
});

test("the difference of a dose and itself is nothing, and there is none beside the other", () => {
  const dose = doseOf(reference.dose);
  const { axial } = planesOf(null);
  const none = difference(onPlane(dose, axial, 1.1), axial, 1.1, dose);
  assert.ok(none.values.every((gy) => Math.abs(gy) < 1e-4));
  const moved = { ...dose, grid: { ...dose.grid, origin: [900, 0, 0] } };
  assert.ok(difference(onPlane(dose, axial, 1.1), axial, 1.1, moved).values.every(Number.isNaN));
});

const rings = (name) => reference.rings[name].map((ring) => Float64Array.from(ring));

for (const name of ["apart", "keyhole"]) {
  test(`inside and outside of a body with a hole, ${name}`, () => {
    for (const { point, inside } of reference.rings.asked) {
      assert.equal(contours.isInside(rings(name), ...point), inside);
    }
    for (const { axis, fixed, runs } of reference.rings.runs) {
      const found = contours.inside(rings(name), axis, fixed);
      assert.equal(found.length, runs.length);
      found.forEach((run, i) => run.forEach((end, j) => close(end, runs[i][j], 1e-6)));
    }
  });

  test(`the border that is drawn has the length of the body's, without the slit, ${name}`, () => {
    const lines = rings(name).flatMap(contours.borderOf);
    const length = lines.reduce((sum, [a, b, c, d]) => sum + Math.hypot(c - a, d - b), 0);
    close(length, reference.rings.border, 1e-6);
  });
}

// A structure set of boxes: [x0, x1, y0, y1] at each z.
function boxes(list) {
  const points = [];
  const places = [];
  for (const [z, x0, x1, y0, y1] of list) {
    places.push([points.length / 3, 4]);
    for (const [x, y] of [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]) points.push(x * 50, y * 50, z * 50);
  }
  return [{ origin: [0, 0, 0], points: Int16Array.from(points) }, { contours: places }];
}

test("contours count by their place, a hundredth of a mm off or not", () => {
  const [set, roi] = boxes([[0, -5, 5, -5, 5], [3, -5, 5, -5, 5], [3.02, 8, 9, 0, 1], [6, -5, 5, -5, 5]]);
  const stack = contours.stackOf(set, roi, planesOf(null));
  assert.equal(stack.name, "axial");
  assert.deepEqual(stack.rings.map((of) => of.length), [1, 2, 1]);
  assert.equal(contours.planeAt(stack, 3.01, 1.5), 1);
  assert.equal(contours.planeAt(stack, 7.4, 1.5), 2);
  assert.equal(contours.planeAt(stack, 7.6, 1.5), -1);
  assert.equal(contours.planeAt(stack, 1.2, 0.5), -1);
});

test("a cut through a box ends half a distance beyond its last planes", () => {
  const [set, roi] = boxes([0, 3, 6].map((z) => [z, -5, 7, -4, 9]));
  const planes = planesOf(null);
  const stack = contours.stackOf(set, roi, planes);
  for (const [name, low, high] of [["coronal", -5, 7], ["sagittal", -4, 9]]) {
    const lines = contours.cut(stack, planes, name, 0);
    const us = lines.flatMap(([a, , c]) => [a, c]);
    const vs = lines.flatMap(([, b, , d]) => [b, d]);
    close(Math.min(...us), low);
    close(Math.max(...us), high);
    close(Math.min(...vs), -7.5);
    close(Math.max(...vs), 1.5);
    const length = lines.reduce((sum, [a, b, c, d]) => sum + Math.hypot(c - a, d - b), 0);
    close(length, 2 * (high - low) + 2 * 9);
  }
  assert.deepEqual(contours.cut(stack, planes, "sagittal", 7.5), []);
});

test("where a body parts in two, or has a hole, the cut closes half way", () => {
  const [set, roi] = boxes([[0, -9, 9, -1, 1], [3, -9, -4, -1, 1], [3, 4, 9, -1, 1], [6, -9, -4, -1, 1]]);
  const planes = planesOf(null);
  const lines = contours.cut(contours.stackOf(set, roi, planes), planes, "coronal", 0);
  const across = lines.filter(([, b, , d]) => b === d).map(([a, b, c]) => [b + 0, Math.abs(c - a)]);
  const sum = (v) => across.filter(([at]) => Math.abs(at - v) < 1e-9).reduce((all, [, n]) => all + n, 0);
  close(sum(1.5), 18);
  close(sum(-1.5), 8);
  close(sum(-4.5), 5);
  close(sum(-7.5), 5);
});

test("planes that lack leave a gap in the cut", () => {
  const [set, roi] = boxes([0, 3, 6, 18, 21].map((z) => [z, -5, 5, -5, 5]));
  const planes = planesOf(null);
  const lines = contours.cut(contours.stackOf(set, roi, planes), planes, "sagittal", 0);
  assert.ok(lines.every(([, b, , d]) => [b, d].every((v) => v > -7.51 || v < -16.49)));
});

test("contours drawn on sagittal planes are cut by the axial one", () => {
  const [set, roi] = boxes([[0, 0, 1, 0, 1]]);
  const points = [];
  const places = [];
  for (const x of [10, 13, 16]) {
    places.push([points.length / 3, 4]);
    for (const [y, z] of [[-4, -6], [8, -6], [8, 6], [-4, 6]]) points.push(x * 50, y * 50, z * 50);
  }
  const planes = planesOf(null);
  const stack = contours.stackOf({ ...set, points: Int16Array.from(points) }, { ...roi, contours: places }, planes);
  assert.equal(stack.name, "sagittal");
  const lines = contours.cut(stack, planes, "axial", 0);
  const us = lines.flatMap(([a, , c]) => [a, c]);
  const vs = lines.flatMap(([, b, , d]) => [b, d]);
  assert.deepEqual([Math.min(...us), Math.max(...us), Math.min(...vs), Math.max(...vs)], [8.5, 17.5, -4, 8]);
});
