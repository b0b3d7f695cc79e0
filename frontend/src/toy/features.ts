/** Sparse features x_i = u_i v_i, u_i ~ Bernoulli(p_i), v_i ~ Uniform(0, 2), and samples of them. */

import { exponential, type Random } from "./random";

/** E[v²] of v ~ Uniform(0, 2). */
export const MEAN_SQUARE_VALUE = 4 / 3;

/** Return p ∝ i^(−α) over rank i = 1..n, which sums to 1: one active feature in a sample. */
export function probabilities(n: number, alpha: number): Float64Array {
  const p = Float64Array.from({ length: n }, (_, i) => (i + 1) ** -alpha);
  const sum = p.reduce((a, b) => a + b, 0);
  return p.map((value) => value / sum);
}

/** The active entries of a batch; the s-th sample that is not empty has `starts[s]` to `[s + 1]`. */
export interface Batch {
  /** Number of samples, the empty ones included. */
  size: number;
  starts: Int32Array;
  ids: Int32Array;
  values: Float64Array;
}

/** Draw a batch, going from one sample in which a feature is active to its next. */
export function draw(p: Float64Array, size: number, random: Random): Batch {
  const samples: number[] = [];
  const features: number[] = [];
  const places = new Int32Array(size);
  for (let i = 0; i < p.length; i++) {
    const rate = -1 / Math.log1p(-p[i]!);
    let at = Math.floor(exponential(random) * rate);
    while (at < size) {
      samples.push(at);
      features.push(i);
      places[at]! += 1;
      at += 1 + Math.floor(exponential(random) * rate);
    }
  }
  const starts = new Int32Array(size + 1);
  let [filled, total] = [0, 0];
  for (let sample = 0; sample < size; sample++) {
    const count = places[sample]!;
    if (!count) continue;
    places[sample] = total;
    total += count;
    filled += 1;
    starts[filled] = total;
  }
  const ids = new Int32Array(total);
  const values = new Float64Array(total);
  for (let k = 0; k < total; k++) {
    const sample = samples[k]!;
    const place = places[sample]!;
    places[sample] = place + 1;
    ids[place] = features[k]!;
    values[place] = 2 - 2 * random();
  }
  return { size, starts: starts.subarray(0, filled + 1), ids, values };
}
