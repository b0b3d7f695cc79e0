/** Rows of W in a plane: as they are for m = 2, else in the plane that holds most of them. */

export interface Plane {
  /** Two coordinates of each row. */
  places: Float64Array;
  /** Share of the squared length of all rows that lies in the plane. */
  share: number;
  /** Its two directions, shape (2, m). */
  axes: Float64Array;
}

const TURNS = 30; // of the power iteration, which each snapshot continues

/** Return the rows in the plane of their two leading principal directions. */
export function planeOf(W: Float64Array, n: number, before: Float64Array | null): Plane {
  const m = W.length / n;
  const known = before?.length === 2 * m;
  let axes = known ? before : Float64Array.from({ length: 2 * m }, (_, k) => Math.cos(k * k + 1));
  if (m === 2) axes = Float64Array.of(1, 0, 0, 1);
  else for (let turn = 0; turn < TURNS; turn++) axes = turned(W, n, axes);
  const places = new Float64Array(2 * n);
  let inside = 0;
  let all = 0;
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < m; k++) {
      const w = W[i * m + k]!;
      places[2 * i]! += w * axes[k]!;
      places[2 * i + 1]! += w * axes[m + k]!;
      all += w * w;
    }
    inside += places[2 * i]! ** 2 + places[2 * i + 1]! ** 2;
  }
  return { places, share: all > 0 ? inside / all : 1, axes };
}

/** Return WᵀW times two directions, made orthonormal again. */
function turned(W: Float64Array, n: number, axes: Float64Array): Float64Array {
  const m = W.length / n;
  const next = new Float64Array(2 * m);
  for (let i = 0; i < n; i++) {
    let x = 0;
    let y = 0;
    for (let k = 0; k < m; k++) {
      x += W[i * m + k]! * axes[k]!;
      y += W[i * m + k]! * axes[m + k]!;
    }
    for (let k = 0; k < m; k++) {
      next[k]! += x * W[i * m + k]!;
      next[m + k]! += y * W[i * m + k]!;
    }
  }
  const first = next.subarray(0, m);
  const second = next.subarray(m);
  if (!scaled(first)) return axes;
  const along = first.reduce((sum, value, k) => sum + value * second[k]!, 0);
  for (let k = 0; k < m; k++) second[k]! -= along * first[k]!;
  return scaled(second) ? next : axes;
}

/** Make a vector one of length 1; false if it is 0. */
function scaled(vector: Float64Array): boolean {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  if (!(length > 1e-150)) return false;
  for (let k = 0; k < vector.length; k++) vector[k]! /= length;
  return true;
}
