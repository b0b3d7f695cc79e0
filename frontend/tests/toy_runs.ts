/** Train toy models in node: what is asked comes as JSON from standard input, answers go out as JSON. */

import { readFileSync } from "node:fs";
import type { Batch } from "../src/toy/features";
import { measure } from "../src/toy/measure";
import { type Settings, Toy } from "../src/toy/model";
import { seeded } from "../src/toy/random";

interface Asked {
  settings: Settings;
  seed: number;
  /** Weights to begin with, and the batch of every step, in place of what the seed gives. */
  given?: {
    W: number[];
    b: number[];
    batches: { size: number; starts: number[]; ids: number[]; values: number[] }[];
  };
}

function run({ settings, seed, given }: Asked) {
  const toy = new Toy(settings, seeded(seed));
  if (!given) {
    while (toy.step < settings.steps) toy.train();
    const { represented, meanSquareOverlap, regime } = measure(toy.W, settings.n);
    const loss = toy.featureLoss().reduce((a, b) => a + b, 0);
    return { loss, represented, mean_square_overlap: meanSquareOverlap, regime };
  }
  toy.W.set(given.W);
  toy.b.set(given.b);
  const losses = given.batches.map(({ size, starts, ids, values }) => {
    const batch: Batch = {
      size,
      starts: Int32Array.from(starts),
      ids: Int32Array.from(ids),
      values: Float64Array.from(values),
    };
    const loss = toy.loss(batch).reduce((a, b) => a + b, 0);
    toy.update();
    return loss;
  });
  return { losses, W: [...toy.W], b: [...toy.b] };
}

const asked: Asked[] = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(asked.map(run)));
