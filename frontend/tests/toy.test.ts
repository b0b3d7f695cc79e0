import assert from "node:assert/strict";
import { test } from "node:test";
import { welchFloor } from "../src/theory";
import { type Batch, draw, probabilities } from "../src/toy/features";
import { measure, overlaps, weakLoss } from "../src/toy/measure";
import { type Settings, Toy } from "../src/toy/model";
import { planeOf } from "../src/toy/plane";
import { normal, seeded } from "../src/toy/random";
import { exponent, widthsChart, widthsOf } from "../src/toy/widths";

const SETTINGS: Settings = {
  n: 30,
  m: 5,
  alpha: 1,
  decay: 0,
  batch: 64,
  steps: 1500,
  learningRate: 0.01,
};

function trained(changes: Partial<Settings>, seed = 0): Toy {
  const toy = new Toy({ ...SETTINGS, ...changes }, seeded(seed));
  for (let step = 0; step < toy.settings.steps; step++) toy.train();
  return toy;
}

function total(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0);
}

function close(found: number, expected: number, tolerance: number, what = "") {
  assert.ok(Math.abs(found - expected) <= tolerance, `${what} ${found}, not ${expected}`);
}

/** The loss by its definition, with every zero. */
function dense(toy: Toy, batch: Batch): number {
  const { n, m } = toy.settings;
  let sum = 0;
  for (let s = 0; s < batch.size; s++) {
    const x = new Float64Array(n);
    const end = batch.starts[s + 1] ?? 0; // beyond the last sample that is not empty: no entry
    for (let e = batch.starts[s] ?? 0; e < end; e++) x[batch.ids[e]!] = batch.values[e]!;
    const h = Float64Array.from({ length: m }, (_, k) =>
      x.reduce((a, value, i) => a + value * toy.W[i * m + k]!, 0),
    );
    for (let j = 0; j < n; j++) {
      const z = h.reduce((a, value, k) => a + value * toy.W[j * m + k]!, toy.b[j]!);
      sum += (Math.max(z, 0) - x[j]!) ** 2;
    }
  }
  return sum / batch.size;
}

test("the loss is its definition, empty samples included", () => {
  const toy = new Toy({ ...SETTINGS, alpha: 2 }, seeded(3));
  const batch = draw(toy.p, 50, seeded(4));
  assert.ok(batch.starts.length - 1 < 50);
  close(total(toy.loss(batch)), dense(toy, batch), 1e-10);
});

test("the gradient is that of the loss over n, by finite differences", () => {
  const toy = new Toy({ ...SETTINGS, n: 12, m: 3 }, seeded(1));
  const batch = draw(toy.p, 40, seeded(2));
  toy.loss(batch);
  for (const [values, gradient] of [
    [toy.W, toy.dW],
    [toy.b, toy.db],
  ] as const) {
    for (let k = 0; k < values.length; k++) {
      const before = values[k]!;
      const step = 1e-6;
      values[k] = before + step;
      const above = dense(toy, batch);
      values[k] = before - step;
      const below = dense(toy, batch);
      values[k] = before;
      close(gradient[k]!, (above - below) / (2 * step * 12), 1e-7, `gradient ${k}`);
    }
  }
});

test("a first step of Adam moves each parameter by η toward less loss, after decay", () => {
  for (const decay of [0, 0.5, -0.5]) {
    const toy = new Toy({ ...SETTINGS, n: 6, m: 2, decay, steps: 10 }, seeded(1));
    toy.loss(draw(toy.p, 64, seeded(2)));
    const [W, b, dW, db] = [toy.W.slice(), toy.b.slice(), toy.dW.slice(), toy.db.slice()];
    toy.update();
    for (let i = 0; i < 6; i++) {
      const size = Math.hypot(W[2 * i]!, W[2 * i + 1]!);
      const keep = decay < 0 ? 1 + 0.01 * decay * (1 - 1 / size) : 1 - 0.01 * decay;
      for (let k = 2 * i; k < 2 * i + 2; k++) {
        if (dW[k]) close(toy.W[k]!, keep * W[k]! - 0.01 * Math.sign(dW[k]!), 1e-6);
      }
      if (db[i]) close(toy.b[i]!, b[i]! - 0.01 * Math.sign(db[i]!), 1e-6);
    }
    assert.ok([...toy.dW, ...toy.db].every((g) => g === 0));
  }
});

test("the rate rises over a tenth of the steps and falls along a cosine to 5 per cent", () => {
  const toy = new Toy({ ...SETTINGS, steps: 1000 }, seeded(0));
  close(toy.rate(0), 0.01 / 100, 1e-15);
  close(toy.rate(99), 0.01, 1e-15);
  close(toy.rate(100), 0.01, 1e-15);
  close(toy.rate(550), 0.01 * 0.525, 1e-15);
  close(toy.rate(999), 0.0005, 1e-6);
});

test("samples have their features' frequencies, and values of Uniform(0, 2)", () => {
  const p = probabilities(5, 1);
  close(total(p), 1, 1e-12);
  close(p[0]! / p[4]!, 5, 1e-12);
  const size = 200_000;
  const { ids, values, starts } = draw(p, size, seeded(7));
  for (let i = 0; i < 5; i++) {
    const count = ids.filter((id) => id === i).length;
    close(count / size, p[i]!, 4 * Math.sqrt((p[i]! * (1 - p[i]!)) / size), `feature ${i}`);
  }
  const empty = p.reduce((product, value) => product * (1 - value), 1);
  close(1 - (starts.length - 1) / size, empty, 4 * Math.sqrt((empty * (1 - empty)) / size));
  close(total(values) / values.length, 1, 4 / Math.sqrt(3 * values.length));
  close(total(values.map((v) => v * v)) / values.length, 4 / 3, 5 / Math.sqrt(values.length));
  assert.ok(values.every((v) => v > 0 && v <= 2));
});

test("a seed gives the same run, another one another", () => {
  const run = (seed: number) => trained({ steps: 20 }, seed).W;
  assert.deepEqual(run(1), run(1));
  assert.notDeepEqual(run(1), run(2));
  const random = seeded(5);
  const drawn = Float64Array.from({ length: 100_000 }, () => normal(random));
  close(total(drawn) / drawn.length, 0, 4 / Math.sqrt(drawn.length));
  close(total(drawn.map((v) => v * v)) / drawn.length, 1, 4 * Math.sqrt(2 / drawn.length));
});

test("with a dimension for each feature, rows become orthonormal and nothing is lost", () => {
  const toy = trained({ n: 6, m: 6, alpha: 0, steps: 4000 });
  const found = measure(toy.W, 6);
  assert.equal(found.regime, "none");
  close(found.meanSquareOverlap!, 0, 1e-3);
  for (const norm of found.norms) close(norm, 1, 0.02);
  close(total(toy.featureLoss()), 0, 1e-3);
});

test("weight decay leaves the rare features out: their frequencies are the loss", () => {
  const toy = trained({ decay: 1, alpha: 1.5, batch: 512 });
  const { norms, regime } = measure(toy.W, 30);
  assert.equal(regime, "weak");
  assert.ok(
    norms.slice(0, 4).every((norm) => norm > 0.5),
    "the frequent ones are kept",
  );
  assert.ok(
    norms.slice(20).every((norm) => norm < 0.1),
    "the rare ones are not",
  );
  const out = total(toy.featureLoss().filter((_, i) => norms[i]! <= 0.5));
  const expected = total(toy.p.filter((_, i) => norms[i]! <= 0.5)) * (4 / 3);
  close(out / expected, 1, 0.05);
});

test("growth represents all features, which then overlap as much as they must", () => {
  const toy = trained({ decay: -1 });
  const found = measure(toy.W, 30);
  assert.equal(found.regime, "strong");
  assert.ok(found.meanSquareOverlap! >= welchFloor(30, 5));
});

test("mean square overlap is the mean over pairs, and never below Welch's floor", () => {
  const random = seeded(9);
  const W = Float64Array.from({ length: 40 * 7 }, () => normal(random));
  W.fill(0, 0, 7); // a row without direction is left out
  const found = measure(W, 40);
  const c = overlaps(W, found.norms);
  const squares = Array.from({ length: 39 }, (_, i) =>
    total(c.slice((i + 1) * 40 + 1, (i + 1) * 40 + i + 1).map((value) => value * value)),
  );
  const mean = squares.reduce((a, b) => a + b, 0) / ((39 * 38) / 2);
  close(found.meanSquareOverlap!, mean, 1e-12);
  assert.ok(found.meanSquareOverlap! > welchFloor(39, 7));
  const triangle = [1, 0, -0.5, Math.sqrt(0.75), -0.5, -Math.sqrt(0.75)];
  close(measure(triangle, 3).meanSquareOverlap!, welchFloor(3, 2), 1e-12);
});

test("ideal weak superposition loses the features beyond m", () => {
  close(weakLoss(Float64Array.of(0.5, 0.25, 0.15, 0.1), 2), 0.25 * (4 / 3), 1e-12);
});

test("a plane holds rows that lie in one, and keeps rows of two dimensions as they are", () => {
  const random = seeded(2);
  const flat = Float64Array.from({ length: 60 }, () => normal(random));
  assert.deepEqual(planeOf(flat, 30, null).places, flat);
  const turned = Float64Array.from({ length: 150 }, (_, at) => {
    const [i, k] = [Math.floor(at / 5), at % 5];
    return flat[2 * i]! * [0.6, 0, 0.8, 0, 0][k]! + flat[2 * i + 1]! * [0, 0.8, 0, 0, -0.6][k]!;
  });
  const { places, share } = planeOf(turned, 30, null);
  close(share, 1, 1e-12);
  for (let i = 0; i < 30; i++) {
    close(
      Math.hypot(places[2 * i]!, places[2 * i + 1]!),
      Math.hypot(flat[2 * i]!, flat[2 * i + 1]!),
      1e-9,
    );
  }
});

test("the chart of widths finds 1/m where the loss is that, and says so", () => {
  const widths = widthsOf(100);
  assert.equal(widths[0], 2);
  assert.ok(widths.every((m, k) => m < 100 && (k === 0 || m > widths[k - 1]!)));
  const points = widths.map((m) => ({ m, loss: 3 / m, regime: "strong" as const }));
  close(exponent(points)!, 1, 1e-12);
  const { caption } = widthsChart(points, 100, 1);
  assert.match(caption, /3\/m/);
  assert.match(caption, /to the power −1\.00/);
});
