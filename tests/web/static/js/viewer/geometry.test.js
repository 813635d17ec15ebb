// Grids, planes and pictures of planes, held to the indices and values that Python computed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { towardsSource, anglesOf } from "./viewer/beams.js";
import * as geometry from "./viewer/geometry.js";
import * as grids from "./viewer/grid.js";
import { greyTable, layout, paint, sliceAt, valueAt } from "./viewer/volume.js";

const reference = JSON.parse(readFileSync("reference.json"));
const close = (found, expected, within = 1e-6) =>
  assert.ok(Math.abs(found - expected) <= within, `${found} is not ${expected}`);

function volumeOf({ grid, stored }) {
  const size = grid.rows * grid.columns;
  const slices = grid.positions.map((_, k) => Int16Array.from(stored.slice(k * size, (k + 1) * size)));
  return { grid, slices, slope: 1, intercept: -24 };
}

for (const one of reference.grids) {
  test(`indices and values at points, ${one.orientation}`, () => {
    const volume = volumeOf(one);
    for (const { point, index, hu } of one.asked) {
      grids.indexOf(one.grid, point).forEach((found, i) => close(found, index[i]));
      assert.equal(valueAt(volume, point), hu);
    }
  });

  test(`the picture of every plane shows the voxel that lies there, ${one.orientation}`, () => {
    const volume = volumeOf(one);
    const table = Uint32Array.from({ length: 65536 }, (_, i) => i + 1);
    for (const plane of Object.values(geometry.planesOf(one.grid))) {
      const place = layout(one.grid, plane);
      const words = new Uint32Array(place.wide * place.high);
      let checked = 0;
      for (const { point } of one.asked) {
        const [u, v, w] = geometry.inPlane(plane, point);
        assert.equal(paint(volume, plane, w, table, place, words), true);
        const [x, y] = [Math.round((u - place.u0) / place.du), Math.round((v - place.v0) / place.dv)];
        const middle = geometry.fromPlane(plane, place.u0 + x * place.du, place.v0 + y * place.dv, w);
        const [column, row, k] = grids.indexOf(one.grid, middle);
        if (k < 0 || k > one.grid.positions.length - 1) continue;
        const shown = ((words[y * place.wide + x] - 1) << 16) >> 16;
        if (Math.abs(geometry.dot(plane.through, one.grid.normal)) > 0.5) {
          assert.equal(shown - 24, valueAt(volume, middle), `${plane.name} ${point}`);
        } else {
          // Across slices: the mean of both neighbours by distance.
          const at = Math.round(row) * one.grid.columns + Math.round(column);
          const [a, b] = [Math.floor(k), Math.ceil(k)].map((slice) => volume.slices[slice][at]);
          assert.ok(Math.abs(shown - (a + (k - Math.floor(k)) * (b - a))) <= 0.501, `${plane.name} ${point}`);
        }
        checked += 1;
      }
      assert.ok(checked > 30, `${plane.name}: ${checked}`);
    }
  });
}

test("planes show the left at the right, and letters say so", () => {
  for (const { grid, orientation } of reference.grids) {
    const { axial, coronal, sagittal } = geometry.planesOf(grid);
    if (orientation === "oblique") {
      assert.equal(geometry.letters(axial.right), "LP");
      continue;
    }
    assert.deepEqual(axial.right.map(Math.abs), [1, 0, 0]);
    assert.equal(geometry.letters(axial.right), "L");
    assert.equal(geometry.letters(geometry.scaled(axial.down, -1)), "A");
    assert.equal(geometry.letters(coronal.down), "F");
    assert.equal(geometry.letters(sagittal.right), "P");
  }
});

test("screen and plane are each other's way back; zooming keeps the point under the pointer", () => {
  const size = { width: 640, height: 480 };
  const view = { u: 12.5, v: -80, mm: 0.7 };
  const [u, v] = geometry.fromScreen(view, size, 100, 222);
  geometry.toScreen(view, size, u, v).forEach((found, i) => close(found, [100, 222][i]));
  const nearer = geometry.zoomed(view, size, 100, 222, 2.5);
  close(nearer.mm, 0.28);
  geometry.toScreen(nearer, size, u, v).forEach((found, i) => close(found, [100, 222][i]));
  const whole = geometry.fit({ u: [-200, 200], v: [-100, 100] }, size);
  close(whole.mm, (400 / 640) * 1.04);
  assert.equal(geometry.niceLength(137), 100);
  assert.equal(geometry.niceLength(51), 50);
  assert.equal(geometry.niceLength(0.3), 0.2);
});

test("slices that lack are not shown as their neighbours", () => {
  const grid = { positions: [0, 3, 6, 15, 18], normal: [0, 0, 1] };
  assert.equal(sliceAt(grid, 7.4), 2);
  assert.equal(sliceAt(grid, 10), -1);
  assert.equal(sliceAt(grid, 13), 3);
  assert.equal(sliceAt(grid, -1.6), -1);
  assert.equal(sliceAt({ positions: [0] }, 1), 0);
  assert.equal(sliceAt({ positions: [0] }, 40), -1);
});

test("windows: black below, white above, grey between", () => {
  const table = greyTable(1, -1024, { centre: 40, width: 400 });
  const grey = (hu) => table[(hu + 1024) & 0xffff] & 0xff;
  assert.equal(grey(-160), 0);
  assert.equal(grey(-900), 0);
  assert.equal(grey(240), 255);
  assert.ok(Math.abs(grey(40) - 127.5) < 1);
  assert.equal(table[0] >>> 24, 255);
});

test("beams come from where the gantry stands, in every position of the patient", () => {
  for (const { position, gantry, couch, source } of reference.beams) {
    towardsSource(gantry, couch, position).forEach((found, i) => close(found, source[i]));
  }
  assert.equal(towardsSource(0, 0, ""), null);
  assert.deepEqual(anglesOf({ gantry: 33 }), [33]);
  const arc = anglesOf({ gantry: [181, 179], arc: 358, direction: "CW" });
  close(arc[arc.length - 1], 181 + 358);
  assert.ok(arc.length > 70);
});
