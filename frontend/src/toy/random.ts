/** Random numbers from a seed: the same seed gives the same numbers in every browser. */

/** Return a uniform number in [0, 1) at each call. */
export type Random = () => number;

/** Return the generator sfc32 (Doty-Humphrey, PractRand), 32 random bits a number. */
export function seeded(seed: number): Random {
  let [a, b, c, counter] = [0, seed | 0, Math.floor(seed / 2 ** 32) | 0, 1];
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 15; i++) next(); // until every bit of the seed has reached every state
  return next;
}

/** Return a number from the standard normal distribution (Box and Muller). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Return a number from the standard exponential distribution. */
export function exponential(random: Random): number {
  return -Math.log(1 - random());
}
