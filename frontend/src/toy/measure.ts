/** What is seen of a toy model: norms, overlaps, regime, and what theory expects of its loss. */

import { MEAN_SQUARE_VALUE } from "./features";
import { norm } from "./model";

/** Norm above which a feature counts as represented (Liu, Liu and Gore 2025). */
export const THRESHOLD = 0.5;

/** As `superscope.Regime` has them: none is n ≤ m, so that no feature has to overlap. */
export type Regime = "none" | "strong" | "weak" | "intermediate";

export interface Measured {
  /** ‖W_i‖ of each feature. */
  norms: Float64Array;
  /** Share of the features that are represented. */
  represented: number;
  /** Mean of c² over the pairs of rows that are not 0; null if there are no two. */
  meanSquareOverlap: number | null;
  /** The same over the pairs of represented features. */
  meanSquareAmongRepresented: number | null;
  regime: Regime;
}

const DEAD = 1e-38; // below it a float32 is 0 in superscope.toy, and has no direction

/** Measure the rows of W, shape (n, m). */
export function measure(W: ArrayLike<number>, n: number): Measured {
  const m = W.length / n;
  const norms = Float64Array.from({ length: n }, (_, i) => norm(W, i, m));
  const represented = norms.filter((value) => value > THRESHOLD).length / n;
  return {
    norms,
    represented,
    meanSquareOverlap: meanSquareOverlap(W, norms, DEAD),
    meanSquareAmongRepresented: meanSquareOverlap(W, norms, THRESHOLD),
    regime: regime(n, m, represented),
  };
}

/** Return the regime of n features in m dimensions of which a share is represented. */
export function regime(n: number, m: number, represented: number): Regime {
  if (n <= m) return "none";
  if (represented >= 0.9) return "strong";
  return represented * n <= 2 * m ? "weak" : "intermediate";
}

/** Return the mean c² of the rows whose norm exceeds `least`; null for fewer than two. */
function meanSquareOverlap(
  W: ArrayLike<number>,
  norms: Float64Array,
  least: number,
): number | null {
  const m = W.length / norms.length;
  const square = new Float64Array(m * m); // G = ŴᵀŴ
  let rows = 0;
  for (const [i, size] of norms.entries()) {
    if (!(size > least)) continue;
    rows += 1;
    for (let k = 0; k < m; k++) {
      const unit = W[i * m + k]! / size / size;
      for (let l = 0; l < m; l++) square[k * m + l]! += unit * W[i * m + l]!;
    }
  }
  if (rows < 2) return null;
  const sum = square.reduce((total, value) => total + value * value, 0);
  return Math.max(0, sum - rows) / (rows * (rows - 1));
}

/** Return the cosine of each pair of rows, shape (n, n); 0 for a row without direction. */
export function overlaps(W: ArrayLike<number>, norms: Float64Array): Float64Array {
  const n = norms.length;
  const m = W.length / n;
  const found = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < m; k++) sum += W[i * m + k]! * W[j * m + k]!;
      const both = norms[i]! * norms[j]!;
      found[i * n + j] = both > 0 ? sum / both : 0;
      found[j * n + i] = found[i * n + j]!;
    }
  }
  return found;
}

/** Return the expected loss of the features that are left out, Σ p_i E[v²]. */
export function leftOut(p: Float64Array, represented: (i: number) => boolean): number {
  return p.reduce((sum, value, i) => sum + (represented(i) ? 0 : MEAN_SQUARE_VALUE * value), 0);
}

/** Return the loss of ideal weak superposition: the m most frequent features, without overlap. */
export function weakLoss(p: Float64Array, m: number): number {
  return leftOut(p, (i) => i < m); // p falls with the rank
}
