// Levels, keys, addresses and the order of fetching.
import assert from "node:assert/strict";
import { test } from "node:test";

import { compact, expand, fromQuery, toQuery } from "./viewer/address.js";
import { actOf } from "./viewer/keys.js";
import { SCALE, autoLevels, colourAt, linesOf, parseLevels, typed, washTable } from "./viewer/levels.js";
import { lengthOf, rulersOf } from "./viewer/rulers.js";
import { portions, stops } from "./viewer/order.js";

test("thirteen equal steps below the highest dose (R99)", () => {
  const levels = autoLevels(42);
  assert.equal(levels.length, 13);
  assert.deepEqual([levels[0], levels[6], levels[12]], [3, 21, 39]);
  assert.deepEqual(autoLevels(0), []);
});

test("shares of the prescription look as the guide says; others share colours and alternate dashes", () => {
  const lines = linesOf(SCALE.map(({ part }) => part * 40.05), 40.05);
  assert.deepEqual(lines.map(({ colour }) => colour), SCALE.map(({ colour }) => colour).reverse());
  assert.equal(Math.round(lines[1].percent), 100);
  const auto = linesOf(autoLevels(60), 50);
  assert.equal(new Set(auto.map(({ colour }) => colour)).size, 13);
  auto.slice(1).forEach((line, i) => assert.notDeepEqual(line.dash, auto[i].dash));
  assert.ok(auto.every((line, i) => i === 0 || line.gy < auto[i - 1].gy));
  assert.deepEqual(colourAt(0), [0x6f, 0xe0, 0xf2]);
  assert.equal(washTable().length, 256);
});

test("own levels in Gy and %, with what is no level said", () => {
  const read = (text, prescription) => {
    const { levels, wrong } = parseLevels(text, prescription);
    return { levels, wrong };
  };
  assert.deepEqual(read("20; 38,05 Gy 95 %", 40), { levels: [20, 38, 38.05], wrong: [] });
  assert.deepEqual(read("50%", null), { levels: [], wrong: ["50%"] });
  assert.deepEqual(read("hot 10 -5 0 1001", 40), { levels: [10], wrong: ["hot", "-5", "0", "1001"] });
  assert.deepEqual(read("10, 20, 30", 40), { levels: [10, 20, 30], wrong: [] });
  const many = Array.from({ length: 31 }, (_, i) => i + 1);
  assert.deepEqual(read(many.join(" "), 40), { levels: many.slice(0, 30), wrong: ["31"] });
});

test("own levels are kept in %, where all of them were given so", () => {
  assert.deepEqual(parseLevels("95%; 33.333 % 95%", 39.99).given, { values: [33.333, 95], unit: "%" });
  assert.deepEqual(parseLevels("50% 30", 40).given, { values: [20, 30], unit: "Gy" });
  assert.equal(typed({ values: [33.333, 95], unit: "%" }), "33.333%; 95%");
  assert.equal(typed({ values: [20, 38.05], unit: "Gy" }), "20; 38.05");
});

test("an address restores what it was made of, and holds no words", () => {
  const state = {
    with: "12", audit: "3", image: "i1", at: [62, -34.25, -38], window: { centre: 40, width: 400 }, levels: "own",
    own: [20, 38.05], off: [20], hidden: [1, 2, 3, 7], roi: 4, dose: "d0", second: "d1",
    wash: true, beams: true, difference: false, lines: false, structures: true, zoom: 2.5,
    rulers: [{ from: [0, 1.5, -2], to: [3, 5.5, -2] }], finding: null,
  };
  const query = toQuery(state);
  assert.deepEqual(fromQuery(query), state);
  assert.match(query, /^[a-z0-9_.=&-]+$/);
  assert.deepEqual(toQuery(fromQuery("")), "");
});

test("what does not fit an address counts as not said", () => {
  const state = fromQuery("with=x&image=../&at=1_2&window=5_0&levels=own_a&roi=x&hidden=9-2&zoom=NaN&off=<b>");
  assert.deepEqual(state, fromQuery(""));
  assert.equal(compact([3, 1, 2, 9]), "1-3.9");
  assert.deepEqual(expand("1-3.9"), [1, 2, 3, 9]);
});

test("a distance is that between its ends, and broken ones count as not said", () => {
  assert.equal(lengthOf({ from: [0, 1.5, -2], to: [3, 5.5, -2] }), 5);
  assert.deepEqual(rulersOf([1, 2, 3, 4, 5, 6, 7]), [{ from: [1, 2, 3], to: [4, 5, 6] }]);
  assert.deepEqual(rulersOf(null), []);
  assert.equal(rulersOf(new Array(600).fill(1)).length, 9);
  assert.equal(fromQuery("finding=images-incomplete").finding, "images-incomplete");
});

test("keys act as the specification says, and never while somebody types (ui.md, check 5)", () => {
  const key = (name, more) => actOf({ key: name, ...more });
  assert.deepEqual(key("ArrowUp"), ["slice", 1]);
  assert.deepEqual(key("PageDown"), ["slice", -10]);
  assert.deepEqual(key("3"), ["window", 2]);
  assert.deepEqual(["c", "i", "b", "s", "r", "?"].map((k) => key(k)[0]), ["wash", "lines", "beams", "structures", "reset", "help"]);
  assert.deepEqual(key("C"), ["wash"]);
  for (const name of ["c", "ArrowUp", "1", "?"]) assert.equal(actOf({ key: name }, { typing: true }), null);
  assert.equal(key("c", { ctrlKey: true }), null);
  assert.equal(key("Tab"), null);
  assert.equal(actOf({ key: "ArrowDown" }, { onControl: true }), null);
  assert.deepEqual(actOf({ key: "b" }, { onControl: true }), ["beams"]);
});

test("the slice that is looked at comes first, then outwards, each once", () => {
  const slices = Array.from({ length: 40 }, (_, k) => [k * 300, 300]);
  const found = portions(slices, 20, 1000);
  assert.deepEqual(found[0], { first: 20, last: 20 });
  assert.deepEqual(found[1], { first: 21, last: 23 });
  assert.deepEqual(found[2], { first: 17, last: 19 });
  const all = found.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
  assert.deepEqual(all.sort((a, b) => a - b), slices.map((_, k) => k));
  assert.deepEqual(portions([], 0), []);
  assert.deepEqual(portions([[0, 5]], 9), [{ first: 0, last: 0 }]);
});

test("scrolling stops at slices, at those that lack, and at contours beside them", () => {
  assert.deepEqual(stops([0, 3, 6], [9], [3.01, 12, 15]), [0, 3, 6, 9, 12, 15]);
  assert.deepEqual(stops([5], [], [5, 8, 11]), [5, 8, 11]);
  assert.deepEqual(stops([], [], []), []);
});
