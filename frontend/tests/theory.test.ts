import assert from "node:assert/strict";
import { test } from "node:test";
import { decades } from "../src/chart";
import { geometric, overlapDensity, ranks, welchFloor } from "../src/theory";

test("three directions in the plane overlap by a quarter at least; two need not", () => {
  assert.equal(welchFloor(3, 2), 0.25);
  assert.equal(welchFloor(2, 2), 0);
});

test("a geometric row ends where it should", () => {
  assert.deepEqual(geometric(1, 8, 4).map(Math.round), [1, 2, 4, 8]);
  assert.equal(geometric(3, 7000, 9).at(-1), 7000);
  assert.deepEqual(geometric(5, 5, 9), [5]);
});

test("ranks are distinct and hold the first and the last", () => {
  const found = ranks(576, 200);
  assert.equal(found[0], 1);
  assert.equal(found.at(-1), 576);
  assert.equal(new Set(found).size, found.length);
  assert.deepEqual(ranks(1, 200), [1]);
});

test("logarithmic axes are labelled at round numbers", () => {
  assert.deepEqual(decades(400, 12000), [500, 1000, 2000, 5000, 10000]);
  assert.deepEqual(decades(0.5, 2e6), [1, 10, 100, 1000, 10000, 100000, 1000000]);
  assert.ok(decades(10, 13).length > 1);
});

test("overlaps of random directions add up to one, and their mean square is 1/m", () => {
  for (const m of [3, 4, 64, 4096]) {
    const step = 1e-4;
    let [total, square] = [0, 0];
    for (let c = -1 + step / 2; c < 1; c += step) {
      total += overlapDensity(c, m) * step;
      square += c * c * overlapDensity(c, m) * step;
    }
    assert.ok(Math.abs(total - 1) < 1e-6, `${m}: ${total}`);
    assert.ok(Math.abs(square * m - 1) < 1e-5, `${m}: ${square * m}`);
  }
});
