/**
 * The toy model of superposition, as superscope.toy trains it (docs/definitions.md, section 4):
 * h = Wᵀx, y = ReLU(W h + b), loss Σ (y − x)², Adam, decay or growth of norms, warm-up and cosine.
 *
 * The engines of superscope.toy compute in float32, this one in float64; samples come from another
 * generator of random numbers; density is 1. Nothing else differs.
 */

import { type Batch, draw, probabilities } from "./features";
import { normal, type Random } from "./random";

export interface Settings {
  /** Number of features. */
  n: number;
  /** Width m: the dimensions that they share. */
  m: number;
  /** Exponent of their frequencies p ∝ i^(−α). */
  alpha: number;
  /** γ: weight decay if positive, growth toward unit norms if negative. */
  decay: number;
  /** Samples of a step. */
  batch: number;
  steps: number;
  /** η at its peak, which a warm-up of a tenth of the steps leads to. */
  learningRate: number;
}

/** Steps whose mean is the loss of a run. */
export const LAST = 100;

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;
const SMALLEST = 1e-200; // smaller numbers are taken as 0: denormals are many times slower

export class Toy {
  /** W, shape (n, m), row by row. */
  readonly W: Float64Array;
  readonly b: Float64Array;
  /** Probability of each feature. */
  readonly p: Float64Array;
  /** Gradient of the mean over samples and features, since the last update. */
  readonly dW: Float64Array;
  readonly db: Float64Array;
  /** Steps done. */
  step = 0;

  private readonly moments: [Float64Array, Float64Array][];
  private readonly gram: Float64Array; // W Wᵀ
  private readonly pairs: Float64Array; // Σ x_i error_j over samples
  private readonly losses: Float64Array; // of each feature, the last steps

  constructor(
    readonly settings: Settings,
    private readonly random: Random,
  ) {
    const { n, m, alpha } = settings;
    this.p = probabilities(n, alpha);
    this.W = new Float64Array(n * m).map(() => normal(random) / Math.sqrt(m));
    this.b = new Float64Array(n).map(() => normal(random));
    this.dW = new Float64Array(n * m);
    this.db = new Float64Array(n);
    this.moments = [this.W, this.b].map(({ length }) => [
      new Float64Array(length),
      new Float64Array(length),
    ]);
    this.gram = new Float64Array(n * n);
    this.pairs = new Float64Array(n * n);
    this.losses = new Float64Array(n * LAST);
  }

  /** Train one step and return its loss. */
  train(): number {
    const feature = this.loss(draw(this.p, this.settings.batch, this.random));
    this.losses.set(feature, (this.step % LAST) * feature.length);
    this.update();
    const loss = feature.reduce((a, b) => a + b, 0);
    if (!Number.isFinite(loss)) throw new Error(`diverged at step ${this.step}`);
    return loss;
  }

  /** Return the loss of each feature, the mean over the last 100 steps. */
  featureLoss(): Float64Array {
    const { n } = this.settings;
    const kept = Math.min(this.step, LAST);
    const sums = new Float64Array(n);
    for (let k = 0; k < kept * n; k++) sums[k % n]! += this.losses[k]! / kept;
    return sums;
  }

  /** Return the loss of each feature, averaged over samples, and add to the gradient. */
  loss(batch: Batch): Float64Array {
    const { n } = this.settings;
    const { b, db, gram, pairs } = this;
    const { starts, ids, values } = batch;
    const filled = starts.length - 1;
    const squares = new Float64Array(n);
    const errors = new Float64Array(n);
    const z = new Float64Array(n);
    const x = new Float64Array(n);
    products(this.W, n, gram);
    pairs.fill(0);
    for (let j = 0; j < n; j++) {
      const bias = Math.max(b[j]!, 0); // what an empty sample gives
      squares[j] = (batch.size - filled) * bias * bias;
      errors[j] = (batch.size - filled) * bias;
    }
    for (let s = 0; s < filled; s++) {
      const first = starts[s]!;
      const end = starts[s + 1]!;
      z.set(b);
      for (let e = first; e < end; e++) {
        const row = ids[e]! * n;
        const value = values[e]!;
        for (let j = 0; j < n; j++) z[j]! += value * gram[row + j]!;
        x[ids[e]!] = value;
      }
      for (let j = 0; j < n; j++) {
        if (!(z[j]! > 0)) continue; // off: no gradient
        const error = z[j]! - x[j]!;
        squares[j]! += error * error;
        errors[j]! += error;
        for (let e = first; e < end; e++) pairs[ids[e]! * n + j]! += values[e]! * error;
      }
      for (let e = first; e < end; e++) {
        const i = ids[e]!;
        if (!(z[i]! > 0)) squares[i]! += values[e]! * values[e]!;
        x[i] = 0;
      }
    }
    const scale = 2 / (batch.size * n);
    for (let j = 0; j < n; j++) db[j]! += scale * errors[j]!;
    this.backward(scale);
    return squares.map((sum) => sum / batch.size);
  }

  /** Add scale (A + Aᵀ) W to the gradient of W, A_ij the sum of x_i times the error of y_j. */
  private backward(scale: number) {
    const { n, m } = this.settings;
    const { W, dW, pairs } = this;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        const both = scale * (pairs[i * n + j]! + pairs[j * n + i]!);
        if (both === 0) continue;
        const one = i * m;
        const other = j * m;
        for (let k = 0; k < m; k++) dW[one + k]! += both * W[other + k]!;
        if (i !== j) for (let k = 0; k < m; k++) dW[other + k]! += both * W[one + k]!;
      }
    }
  }

  /** Do one step of decay and Adam; the gradient is then 0. */
  update() {
    const { n, m, decay } = this.settings;
    const { W } = this;
    const rate = this.rate(this.step);
    this.step += 1;
    for (let i = 0; i < n; i++) {
      let keep = 1 - rate * decay;
      if (decay < 0) keep = 1 + rate * decay * (1 - 1 / (norm(W, i, m) + EPSILON));
      for (let k = i * m; k < (i + 1) * m; k++) W[k]! *= keep;
    }
    this.adam(W, this.dW, this.moments[0]!, rate);
    this.adam(this.b, this.db, this.moments[1]!, rate);
  }

  /** Return η at a step, counted from 0. */
  rate(step: number): number {
    const { steps, learningRate } = this.settings;
    const warmup = Math.floor(steps / 10);
    if (step < warmup) return (learningRate * (step + 1)) / warmup;
    const turn = (Math.PI * (step - warmup)) / (steps - warmup);
    return learningRate * (0.05 + (0.95 * (1 + Math.cos(turn))) / 2);
  }

  private adam(
    values: Float64Array,
    gradient: Float64Array,
    [first, second]: [Float64Array, Float64Array],
    rate: number,
  ) {
    const scale = rate / (1 - BETA1 ** this.step);
    const correction = 1 / (1 - BETA2 ** this.step);
    for (let k = 0; k < values.length; k++) {
      const g = gradient[k]!;
      gradient[k] = 0;
      let moment = BETA1 * first[k]! + (1 - BETA1) * g;
      let square = BETA2 * second[k]! + (1 - BETA2) * g * g;
      if (Math.abs(moment) < SMALLEST) moment = 0;
      if (square < SMALLEST) square = 0;
      first[k] = moment;
      second[k] = square;
      values[k]! -= (scale * moment) / (Math.sqrt(square * correction) + EPSILON);
    }
  }
}

/** Return the norm of row i of a matrix with m columns. */
export function norm(W: ArrayLike<number>, i: number, m: number): number {
  let square = 0;
  for (let k = i * m; k < (i + 1) * m; k++) square += W[k]! * W[k]!;
  return Math.sqrt(square);
}

/** Write the products of all pairs of n rows. */
function products(W: Float64Array, n: number, gram: Float64Array) {
  const m = W.length / n;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < m; k++) sum += W[i * m + k]! * W[j * m + k]!;
      gram[i * n + j] = sum;
      gram[j * n + i] = sum;
    }
  }
}
