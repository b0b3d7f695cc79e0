/**
 * The rows of a head, and the nearest to one of them.
 *
 * Every row is there twice: as int8 with a scale, to search all of them, and as the checkpoint has
 * it, to know. The error of an int8 row is a length e_i, so its overlap with a unit vector is off by
 * at most e_i / ‖w_i − c‖. Rows that this leaves in the running are compared again, in float64:
 * the result is that of a search in float64 over all rows.
 */

/** A centering: what is subtracted from every row before rows are compared. */
export interface Center {
  /** Subtracted, shape (m,). */
  vector: Float32Array;
  /** 1 / ‖w_i − c‖, shape (V,); 0 where the row has no direction. */
  inverse: Float64Array;
}

/** What is known of all rows before their numbers come. */
export interface Stored {
  features: number;
  width: number;
  kind: Kind;
  /** What int8 rows are less, shape (m,). */
  base: Float32Array;
  /** Of int8 rows, shape (V,). */
  scale: Float32Array;
  /** ‖w_i − base − scale q_i‖, shape (V,), rounded up. */
  error: Float32Array;
  /** 1 where an earlier row is equal: nearest to none but shown with it. */
  repeated: Uint8Array;
  centers: Record<string, Center>;
}

/** How the exact rows are stored; q8 is int8, of which each 32 of a row share a float16 scale. */
export type Kind = "q8" | "bf16" | "f16" | "f32";

const STORES = { q8: Int8Array, bf16: Uint16Array, f16: Uint16Array, f32: Float32Array };
const GROUP = 32;

export interface Nearest {
  /** Positions of rows, nearest first. */
  rows: number[];
  /** Their overlaps. */
  overlaps: number[];
  /** How many rows were compared in float64. */
  compared: number;
  /** Counts of overlaps with all other rows, from int8, in equal bins from −1 to 1. */
  histogram: Uint32Array;
}

export const BINS = 400;

const half = new Float32Array(1);
const halfBits = new Uint32Array(half.buffer);

/** Return the number that 16 bits of IEEE half precision stand for. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export class Rows {
  private readonly small: Int8Array;
  private readonly exact: Int8Array | Uint16Array | Float32Array;
  private readonly scales: Uint16Array;
  private readonly estimate: Float64Array;

  constructor(readonly stored: Stored) {
    const size = stored.features * stored.width;
    this.small = new Int8Array(size);
    this.exact = new STORES[stored.kind](size);
    this.scales = new Uint16Array(stored.kind === "q8" ? size / GROUP : 0);
    this.estimate = new Float64Array(stored.features);
  }

  /** Put int8 rows in their place, from row `start` on. */
  addSmall(start: number, rows: Int8Array) {
    this.small.set(rows, start * this.stored.width);
  }

  /** Put exact rows in their place, from row `start` on. */
  addExact(start: number, rows: Int8Array | Uint16Array | Float32Array, scales?: Uint16Array) {
    this.exact.set(rows, start * this.stored.width);
    if (scales) this.scales.set(scales, (start * this.stored.width) / GROUP);
  }

  /** Return a row as the checkpoint has it. */
  row(at: number): Float64Array {
    const { width, kind } = this.stored;
    const row = new Float64Array(width);
    const from = at * width;
    for (let k = 0; k < width; k++) {
      const number = this.exact[from + k]!;
      if (kind === "bf16") {
        halfBits[0] = number << 16;
        row[k] = half[0]!;
      } else if (kind === "q8") {
        row[k] = number * fromHalf(this.scales[(from + k) >> 5]!);
      } else {
        row[k] = kind === "f16" ? fromHalf(number) : number;
      }
    }
    return row;
  }

  /** Return the unit vector of a row under a centering. */
  unit(at: number, center: Center): Float64Array {
    const row = this.row(at);
    const inverse = center.inverse[at]!;
    for (let k = 0; k < row.length; k++) row[k] = (row[k]! - center.vector[k]!) * inverse;
    return row;
  }

  /** Return the overlaps of some rows with each other, exactly; NaN where one has no direction. */
  overlaps(positions: readonly number[], name: string): number[][] {
    const center = this.center(name);
    const units = positions.map((at) => (center.inverse[at] ? this.unit(at, center) : null));
    return units.map((a) => units.map((b) => (!a || !b ? Number.NaN : a === b ? 1 : dot(a, b))));
  }

  /** Return the rows nearest to a row, none if it has no direction; `hidden` are none of them. */
  nearest(at: number, count: number, name: string, hidden: readonly number[] = []): Nearest {
    const { features, error, repeated } = this.stored;
    const center = this.center(name);
    const histogram = new Uint32Array(BINS);
    if (!center.inverse[at]) return { rows: [], overlaps: [], compared: 0, histogram };
    const unit = this.unit(at, center);
    const estimate = this.estimates(unit, center);
    const out = new Uint8Array(features);
    for (const row of [at, ...hidden]) out[row] = 1;
    const highest = new Highest(count);
    for (let i = 0; i < features; i++) {
      const inverse = center.inverse[i]!;
      if (i === at || inverse === 0) continue;
      const c = estimate[i]!;
      const bin = Math.floor(((c + 1) * BINS) / 2);
      histogram[bin < 0 ? 0 : bin < BINS ? bin : BINS - 1]!++;
      if (out[i] || repeated[i]) continue;
      highest.add(c - error[i]! * inverse - SLACK);
    }
    const bar = highest.least();
    const candidates: [number, number][] = [];
    for (let i = 0; i < features; i++) {
      const inverse = center.inverse[i]!;
      if (inverse === 0 || out[i] || repeated[i]) continue;
      if (estimate[i]! + error[i]! * inverse + SLACK >= bar) {
        candidates.push([i, dot(unit, this.unit(i, center))]);
      }
    }
    const found = candidates.sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, count);
    return {
      rows: found.map(([i]) => i),
      overlaps: found.map(([, c]) => c),
      compared: candidates.length,
      histogram,
    };
  }

  private center(name: string): Center {
    const center = this.stored.centers[name];
    if (!center) throw new Error(`there is no centering ${name}`);
    return center;
  }

  /** Return the overlap of a unit vector with every row, from int8. */
  private estimates(unit: Float64Array, center: Center): Float64Array {
    const { features, width, scale, base } = this.stored;
    const { small, estimate } = this;
    let shift = 0;
    for (let k = 0; k < width; k++) shift += (base[k]! - center.vector[k]!) * unit[k]!;
    const wide = width & ~3;
    for (let i = 0, from = 0; i < features; i++, from += width) {
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      for (let k = 0; k < wide; k += 4) {
        a += small[from + k]! * unit[k]!;
        b += small[from + k + 1]! * unit[k + 1]!;
        c += small[from + k + 2]! * unit[k + 2]!;
        d += small[from + k + 3]! * unit[k + 3]!;
      }
      for (let k = wide; k < width; k++) a += small[from + k]! * unit[k]!;
      estimate[i] = ((a + b + c + d) * scale[i]! + shift) * center.inverse[i]!;
    }
    return estimate;
  }
}

const SLACK = 1e-9; // of the sums in float64

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}

/** The greatest of many numbers, as a heap with the least of them on top. */
class Highest {
  private readonly heap: Float64Array;
  private held = 0;

  constructor(count: number) {
    this.heap = new Float64Array(count);
  }

  /** The least of the greatest; −∞ while there are fewer. */
  least(): number {
    return this.held < this.heap.length ? Number.NEGATIVE_INFINITY : this.heap[0]!;
  }

  add(value: number) {
    const { heap } = this;
    if (this.held < heap.length) {
      let at = this.held++;
      while (at > 0 && heap[(at - 1) >> 1]! > value) {
        heap[at] = heap[(at - 1) >> 1]!;
        at = (at - 1) >> 1;
      }
      heap[at] = value;
    } else if (value > heap[0]!) {
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
        if (heap[child]! >= value) break;
        heap[at] = heap[child]!;
        at = child;
      }
      heap[at] = value;
    }
  }
}
