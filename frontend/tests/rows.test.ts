import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHalf, Rows, type Stored } from "../src/search/rows";

/** Numbers that look random and are the same every time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 31 - 1;
  };
}

function head(features: number, width: number, seed: number): { rows: Rows; exact: Float32Array } {
  const draw = random(seed);
  const exact = Float32Array.from({ length: features * width }, draw);
  const scale = new Float32Array(features);
  const error = new Float32Array(features);
  const inverse = new Float64Array(features);
  const small = new Int8Array(features * width);
  for (let i = 0; i < features; i++) {
    const row = exact.subarray(i * width, (i + 1) * width);
    scale[i] = Math.max(...row.map(Math.abs)) / 127;
    let lost = 0;
    let square = 0;
    for (let k = 0; k < width; k++) {
      small[i * width + k] = Math.round(row[k]! / scale[i]!);
      lost += (row[k]! - small[i * width + k]! * scale[i]!) ** 2;
      square += row[k]! ** 2;
    }
    error[i] = Math.sqrt(lost) * 1.000001;
    inverse[i] = 1 / Math.sqrt(square);
  }
  const stored: Stored = {
    features,
    width,
    kind: "f32",
    base: new Float32Array(width),
    scale,
    error,
    repeated: new Uint8Array(features),
    centers: { none: { vector: new Float32Array(width), inverse } },
  };
  const rows = new Rows(stored);
  rows.addSmall(0, small);
  rows.addExact(0, exact);
  return { rows, exact };
}

/** All overlaps of a row with the others in float64, greatest first. */
function everyOverlap(exact: Float32Array, width: number, at: number): [number, number][] {
  const unit = (i: number) => {
    const row = Float64Array.from(exact.subarray(i * width, (i + 1) * width));
    const norm = Math.hypot(...row);
    return row.map((w) => w / norm);
  };
  const own = unit(at);
  const all: [number, number][] = [];
  for (let i = 0; i < exact.length / width; i++) {
    if (i !== at) all.push([i, unit(i).reduce((sum, w, k) => sum + w * own[k]!, 0)]);
  }
  return all.sort((a, b) => b[1] - a[1]);
}

test("the nearest rows are those of a search in float64 over all rows", () => {
  for (const width of [3, 8, 21]) {
    const { rows, exact } = head(500, width, width);
    for (const at of [0, 17, 499]) {
      const found = rows.nearest(at, 10, "none");
      const every = everyOverlap(exact, width, at).slice(0, 10);
      assert.deepEqual(
        found.rows,
        every.map(([i]) => i),
      );
      for (const [k, [, c]] of every.entries()) {
        assert.ok(Math.abs(found.overlaps[k]! - c) < 1e-12);
      }
    }
  }
});

test("int8 leaves few rows in the running", () => {
  const { rows } = head(2000, 64, 1);
  assert.ok(rows.nearest(5, 10, "none").compared < 100);
});

test("hidden and repeated rows are nearest to none, and are counted in the histogram", () => {
  const { rows } = head(300, 8, 2);
  const [first, second] = rows.nearest(4, 3, "none").rows;
  rows.stored.repeated[second!] = 1;
  const found = rows.nearest(4, 3, "none", [first!]);
  assert.ok(!found.rows.includes(first!) && !found.rows.includes(second!));
  assert.equal(
    found.histogram.reduce((a, b) => a + b, 0),
    299,
  );
});

test("fewer rows than asked for are all given", () => {
  const { rows } = head(4, 3, 3);
  assert.equal(rows.nearest(0, 10, "none").rows.length, 3);
});

test("overlaps are symmetric and one with itself", () => {
  const { rows } = head(50, 8, 4);
  const square = rows.overlaps([1, 2, 3], "none");
  assert.equal(square[0]![0], 1);
  assert.equal(square[0]![2], square[2]![0]);
});

test("a row without direction is near to none, and its overlaps are none", () => {
  const { rows } = head(20, 8, 5);
  rows.stored.centers.none!.inverse[7] = 0;
  const found = rows.nearest(7, 10, "none");
  assert.deepEqual(found.rows, []);
  assert.ok(!found.histogram.some(Boolean));
  assert.ok(!rows.nearest(3, 19, "none").rows.includes(7));
  assert.deepEqual(rows.overlaps([7, 3], "none")[0], [Number.NaN, Number.NaN]);
});

test("half precision is read as IEEE 754 has it", () => {
  const known: [number, number][] = [
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x0001, 2 ** -24],
    [0x3555, 0.333251953125],
  ];
  for (const [bits, value] of known) assert.equal(fromHalf(bits), value);
});
