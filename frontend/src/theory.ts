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
