import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  along,
  byCode,
  byNumber,
  contrast,
  luminance,
  pixel,
  RAMPS,
  rangeOf,
  rgb,
  shareOf,
} from "../src/map/colors";
import { disc, paint, radiusFor } from "../src/map/paint";
import { boxOf, nearestTo, placesFrom, project, zoomed } from "../src/map/plane";

const style = readFileSync("src/style.css", "utf8");
const pages = [...style.matchAll(/--page: (#[0-9a-f]{6})/g)].map((found) => rgb(found[1]!));

test("every color of a ramp stands out from its page, and lightness says which value is greater", () => {
  for (const [k, scheme] of (["light", "dark"] as const).entries()) {
    const steps = Array.from({ length: 101 }, (_, i) => along(RAMPS[scheme], i / 100));
    for (const color of steps) assert.ok(contrast(color, pages[k]!) >= 3);
    const light = steps.map(luminance);
    const sign = scheme === "light" ? -1 : 1;
    for (let i = 1; i < light.length; i++) assert.ok(sign * (light[i]! - light[i - 1]!) > 0);
  }
});

test("a logarithmic range places a geometric mean in the middle, and zero nowhere", () => {
  const range = { low: 1, high: 100, log: true };
  assert.ok(Math.abs(shareOf(10, range) - 0.5) < 1e-12);
  assert.ok(Number.isNaN(shareOf(0, range)));
  assert.equal(shareOf(1, { low: 0, high: 4, log: false }), 0.25);
});

test("a range leaves out the outermost values, and there is none of nothing", () => {
  const values = Float32Array.from({ length: 1001 }, (_, i) => i);
  values[0] = -1e9;
  values[1000] = Number.NaN;
  const range = rangeOf(values, false)!;
  assert.ok(range.low > 0 && range.low < 12 && range.high > 985);
  assert.equal(rangeOf(new Float32Array([Number.NaN]), false), null);
});

test("greater values are drawn over smaller ones, and what has none below all", () => {
  const values = new Float32Array([3, Number.NaN, 1, 2]);
  const look = byNumber(values, { low: 1, high: 3, log: false }, RAMPS.light, [1, 2, 3]);
  assert.deepEqual([...look.order], [1, 2, 3, 0]);
  assert.equal(look.pixels[1], pixel([1, 2, 3]));
  assert.equal(look.pixels[0], pixel(rgb(RAMPS.light.at(-1)!)));
});

test("rare classes are drawn over frequent ones, and the one that is chosen over all", () => {
  const colors = [rgb("#000000"), rgb("#ffffff")];
  const faint = rgb("#808080");
  assert.deepEqual([...byCode([1, 0, 0], colors, null, faint).order], [1, 2, 0]);
  const only = byCode([1, 0, 0], colors, 0, faint);
  assert.deepEqual([...only.order], [0, 1, 2]);
  assert.equal(only.pixels[0], pixel(faint));
});

test("a window sees the whole box, the middle in the middle", () => {
  const points = new Float32Array([0, 0, 10, 4, Number.NaN, Number.NaN]);
  const box = boxOf(points);
  assert.deepEqual(box, { x: 5, y: 2, width: 10, height: 4 });
  const { scale, left, top } = project(box, { x: 5, y: 2, zoom: 1 }, 100, 80);
  assert.equal(scale * 5 + left, 50);
  assert.equal(top - scale * 2, 40);
  assert.ok(left > 0 && scale * 10 + left < 100);
});

test("zoom leaves a place where it is seen", () => {
  const box = { x: 5, y: 2, width: 10, height: 4 };
  const before = { x: 4, y: 1, zoom: 2 };
  const after = zoomed(before, 3, 7, 3);
  const seen = (window: typeof before) => {
    const { scale, left, top } = project(box, window, 100, 80);
    return [scale * 7 + left, top - scale * 3];
  };
  assert.equal(after.zoom, 6);
  seen(before).forEach((at, k) => {
    assert.ok(Math.abs(at - seen(after)[k]!) < 1e-9);
  });
});

test("the nearest point is found, unless it is too far or nowhere", () => {
  const points = new Float32Array([Number.NaN, Number.NaN, 0, 0, 3, 4]);
  assert.equal(nearestTo(points, 2, 3), 2);
  assert.equal(nearestTo(points, 10, 0, 5), null);
});

test("places count what is nearer, but what is passed over", () => {
  const points = new Float32Array([0, 0, 1, 0, 2, 0, 3, 0, 0, 2.5]);
  assert.deepEqual(placesFrom(points, 0, [3, 1], new Uint8Array(5)), [3, 0]);
  assert.deepEqual(placesFrom(points, 0, [3], new Uint8Array([0, 1, 0, 0, 0])), [2]);
});

test("a disc covers its area, and points are painted where they are projected", () => {
  const area = disc(4).cover.reduce((sum, share) => sum + share / 255, 0);
  assert.ok(Math.abs(area / (Math.PI * 16) - 1) < 0.05);
  const data = new Uint32Array(12 * 10);
  const look = { pixels: new Uint32Array([7, 8]), order: new Uint32Array([0, 1]) };
  const seen = paint(
    { data, width: 12, height: 10 },
    1,
    new Float32Array([2, 3, Number.NaN, 0]),
    look,
    { scale: 2, left: 1, top: 9 },
    0.5,
  );
  assert.equal(seen, 1);
  assert.equal(data[3 * 12 + 5], 7);
  assert.equal(
    data.reduce((n, value) => n + (value === 1 ? 1 : 0), 0),
    119,
  );
});

test("points grow with the zoom, up to a size", () => {
  assert.ok(radiusFor(50_000, 4, 800_000) > radiusFor(50_000, 1, 800_000));
  assert.equal(radiusFor(50_000, 1e6, 800_000), 5);
});
