/** What random directions have, and what no directions go below. */

/** Return the mean square overlap of random directions. */
export function chance(width: number): number {
  return 1 / width;
}

/** Return the least mean square overlap of so many directions (Welch); 0 where all have room. */
export function welchFloor(features: number, width: number): number {
  return features > width ? (features - width) / (width * (features - 1)) : 0;
}

/** Return numbers from `low` to `high`, each the same multiple of the one before. */
export function geometric(low: number, high: number, count: number): number[] {
  if (count < 2 || high <= low) return [low];
  const step = Math.log(high / low) / (count - 1);
  return Array.from({ length: count }, (_, k) =>
    k === count - 1 ? high : low * Math.exp(k * step),
  );
}

/** Return whole numbers from 1 to `last`, about evenly spaced in the logarithm. */
export function ranks(last: number, most: number): number[] {
  return [...new Set(geometric(1, Math.max(1, last), most).map(Math.round))];
}

/** Return the density of c of random directions in m dimensions: ∝ (1 − c²)^((m − 3) / 2). */
export function overlapDensity(c: number, m: number): number {
  if (m < 3) return m === 2 ? 1 / (Math.PI * Math.sqrt(Math.max(1e-12, 1 - c * c))) : 0;
  const norm = logGamma(m / 2) - logGamma((m - 1) / 2) - 0.5 * Math.log(Math.PI);
  return Math.exp(norm + ((m - 3) / 2) * Math.log1p(-c * c));
}

/** Return ln Γ by Stirling's series, its argument raised until the series is exact to 1e-12. */
function logGamma(x: number): number {
  let shift = 0;
  let y = x;
  while (y < 10) {
    shift -= Math.log(y);
    y += 1;
  }
  const s = 1 / (12 * y) - 1 / (360 * y ** 3) + 1 / (1260 * y ** 5) - 1 / (1680 * y ** 7);
  return shift + (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + s;
}
