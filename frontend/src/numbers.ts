/** Numbers as people read them. */

/** Return a number with `digits` significant digits: 0.0123, 1.2e-7, 49,152. */
export function short(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(digits - 1);
  const places = size === 0 ? 0 : Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return value.toLocaleString("en", { maximumFractionDigits: places });
}

/** Return a number with `places` decimals; what rounds to zero has no sign. */
export function fixed(value: number, places: number): string {
  const text = value.toFixed(places);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** Return a whole number with commas. */
export function whole(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 0 });
}

/** Return a share as per cent. */
export function percent(share: number): string {
  return `${short(100 * share, 2)} %`;
}
