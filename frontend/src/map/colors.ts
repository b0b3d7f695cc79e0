/** What points are colored by, and the colors. */

/** Plasma's middle part: its lightness changes evenly, so that nobody needs to tell hues apart. */
const PLASMA = ["#0d0887", "#4c02a1", "#7e03a8", "#aa2395", "#cc4778", "#e66c5c"];
const BRIGHT = ["#b93289", "#cc4778", "#e66c5c", "#f89540", "#fdc527", "#f0f921"];

export type Scheme = "light" | "dark";
export type Rgb = readonly [number, number, number];

/** The colors from the least value to the greatest, which stands out most from the page. */
export const RAMPS: Record<Scheme, readonly string[]> = {
  light: [...PLASMA].reverse(),
  dark: BRIGHT,
};

/** Return the red, green and blue of `#rrggbb`. */
export function rgb(hex: string): Rgb {
  const bits = Number.parseInt(hex.slice(1), 16);
  return [bits >> 16, (bits >> 8) & 255, bits & 255];
}

/** Return a color as a pixel of ImageData has it on a machine that stores its low byte first. */
export function pixel([r, g, b]: Rgb): number {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/** Return the color at a share, 0 to 1, of a ramp. */
export function along(ramp: readonly string[], share: number): Rgb {
  const at = Math.min(1, Math.max(0, share)) * (ramp.length - 1);
  const k = Math.min(ramp.length - 2, Math.floor(at));
  const [from, to] = [rgb(ramp[k]!), rgb(ramp[k + 1]!)];
  const mix = (a: number, b: number) => Math.round(a + (b - a) * (at - k));
  return [mix(from[0], to[0]), mix(from[1], to[1]), mix(from[2], to[2])];
}

/** The WCAG's relative luminance. */
export function luminance(color: Rgb): number {
  const [r, g, b] = color.map((part) => {
    const c = part / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The WCAG's contrast of two colors. */
export function contrast(one: Rgb, other: Rgb): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** Values from `low` to `high` have the colors of a ramp; others those of its ends. */
export interface Range {
  low: number;
  high: number;
  log: boolean;
}

const ENDS = 0.01; // share of the values that lie beyond each end

/** Return the range that all but the outermost values lie in; null where there are none. */
export function rangeOf(values: Float32Array, log: boolean): Range | null {
  const sorted = values.filter((v) => (log ? v > 0 : true) && Number.isFinite(v)).sort();
  if (!sorted.length) return null;
  const low = sorted[Math.floor(ENDS * (sorted.length - 1))]!;
  const high = sorted[Math.ceil((1 - ENDS) * (sorted.length - 1))]!;
  // Of values that are nearly all alike, the others are what is to be seen.
  if (low === high) return { low: sorted[0]!, high: sorted.at(-1)!, log };
  return { low, high, log };
}

/** Return where a value lies in a range, as a share; NaN for what cannot be placed. */
export function shareOf(value: number, { low, high, log }: Range): number {
  if (high === low) return Number.isFinite(value) ? 0.5 : Number.NaN;
  if (!log) return (value - low) / (high - low);
  return value > 0 ? Math.log(value / low) / Math.log(high / low) : Number.NaN;
}

/** How points look, and which is drawn over which. */
export interface Look {
  /** A pixel a point. */
  pixels: Uint32Array;
  /** Positions, the last drawn over the others. */
  order: Uint32Array;
}

const STEPS = 256;

/** Color points by numbers: greater ones are drawn over smaller ones, and these over none. */
export function byNumber(
  values: Float32Array,
  range: Range,
  ramp: readonly string[],
  missing: Rgb,
): Look {
  const table = Uint32Array.from({ length: STEPS }, (_, k) => pixel(along(ramp, k / (STEPS - 1))));
  const none = pixel(missing);
  const pixels = new Uint32Array(values.length);
  const steps = new Int16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const share = shareOf(values[i]!, range);
    const step = Number.isNaN(share)
      ? -1
      : Math.round(Math.min(1, Math.max(0, share)) * (STEPS - 1));
    steps[i] = step;
    pixels[i] = step < 0 ? none : table[step]!;
  }
  return { pixels, order: sorted(steps, STEPS) };
}

/** Color points by a code: the more frequent a code, the further below it is drawn. */
export function byCode(
  codes: ArrayLike<number>,
  colors: readonly Rgb[],
  only: number | null,
  faint: Rgb,
): Look {
  const counts = new Array<number>(colors.length).fill(0);
  for (let i = 0; i < codes.length; i++) counts[codes[i]!]! += 1;
  const rank = counts
    .map((count, code) => [code === only ? -1 : count, code] as const)
    .sort((a, b) => b[0] - a[0]);
  const steps = new Int16Array(counts.length);
  rank.forEach(([, code], k) => {
    steps[code] = k;
  });
  const table = colors.map((color, code) => pixel(only === null || only === code ? color : faint));
  const pixels = new Uint32Array(codes.length);
  const layer = new Int16Array(codes.length);
  for (let i = 0; i < codes.length; i++) {
    pixels[i] = table[codes[i]!]!;
    layer[i] = steps[codes[i]!]!;
  }
  return { pixels, order: sorted(layer, colors.length) };
}

/** Return positions by their step, from −1 to `steps` − 1, in one pass. */
function sorted(of: Int16Array, steps: number): Uint32Array {
  const starts = new Uint32Array(steps + 2);
  for (const step of of) starts[step + 2]! += 1;
  for (let k = 1; k < starts.length; k++) starts[k]! += starts[k - 1]!;
  const order = new Uint32Array(of.length);
  for (let i = 0; i < of.length; i++) order[starts[of[i]! + 1]!++] = i;
  return order;
}
