/** What the colors of a map mean. */

import { h } from "../dom";
import { whole } from "../numbers";
import {
  along,
  byCode,
  byNumber,
  type Look,
  RAMPS,
  type Range,
  type Rgb,
  rangeOf,
  rgb,
  type Scheme,
} from "./colors";
import type { Coloring, Measure } from "./measures";

const FEW = 400; // rows that are marked one by one

/** Colors of the page's style, resolved. */
export interface Palette {
  scheme: Scheme;
  quiet: Rgb;
  faint: Rgb;
  series: Rgb[];
}

export interface Colored {
  look: Look;
  /** Rows of the class that is shown alone, if they are few. */
  marked: number[];
  legend: HTMLElement;
}

/**
 * Color the rows by what was chosen.
 *
 * Of classes, `only` is the one that is shown alone, and `choose` changes it.
 */
export function colored(
  coloring: Coloring,
  palette: Palette,
  only: number | null,
  choose: (code: number | null) => void,
): Colored {
  if (coloring.kind === "number") {
    const range = rangeOf(coloring.values, coloring.log);
    if (range) return numbers(coloring, range, palette);
    return {
      look: { pixels: new Uint32Array(0), order: new Uint32Array(0) },
      marked: [],
      legend: h("p", { class: "legend" }, "No row has a value."),
    };
  }
  const counts = coloring.names.map(() => 0);
  for (let i = 0; i < coloring.codes.length; i++) counts[coloring.codes[i]!]! += 1;
  const bySize = counts.map((_, code) => code).sort((a, b) => counts[b]! - counts[a]!);
  const colors: Rgb[] = [];
  bySize.forEach((code, k) => {
    colors[code] = k === 0 ? palette.quiet : palette.series[(k - 1) % palette.series.length]!;
  });
  const legend = h(
    "div",
    { class: "legend", role: "group", "aria-label": "Classes: choose one to see it alone" },
    ...bySize
      .filter((code) => counts[code])
      .map((code) =>
        h(
          "button",
          {
            type: "button",
            "aria-pressed": String(code === only),
            click: () => choose(code === only ? null : code),
          },
          swatch(colors[code]!),
          `${coloring.names[code]} (${whole(counts[code]!)})`,
        ),
      ),
  );
  const marked: number[] = [];
  if (only !== null && (counts[only] ?? 0) <= FEW) {
    for (let i = 0; i < coloring.codes.length; i++) if (coloring.codes[i] === only) marked.push(i);
  }
  return { look: byCode(coloring.codes, colors, only, palette.faint), marked, legend };
}

function numbers(coloring: Measure, range: Range, palette: Palette): Colored {
  const ramp = RAMPS[palette.scheme];
  const bar = h("span", { class: "ramp", "aria-hidden": "true" });
  const stops = Array.from({ length: 11 }, (_, k) => css(along(ramp, k / 10)));
  bar.style.backgroundImage = `linear-gradient(to right, ${stops.join(", ")})`;
  const middle = range.log ? Math.sqrt(range.low * range.high) : (range.low + range.high) / 2;
  const none = coloring.values.reduce(
    (n, v) => n + (Number.isFinite(v) && !(range.log && v <= 0) ? 0 : 1),
    0,
  );
  return {
    look: byNumber(coloring.values, range, ramp, palette.quiet),
    marked: [],
    legend: h(
      "div",
      { class: "legend" },
      h("span", {}, `${coloring.title}: ≤ ${coloring.shown(range.low)}`),
      bar,
      h("span", {}, `≥ ${coloring.shown(range.high)}`),
      h("span", { class: "quiet" }, `in the middle ${coloring.shown(middle)}`),
      none ? h("span", {}, swatch(palette.quiet), `${coloring.missing} (${whole(none)})`) : null,
    ),
  };
}

function swatch(color: Rgb): HTMLElement {
  const square = h("span", { class: "swatch", "aria-hidden": "true" });
  square.style.backgroundColor = css(color);
  return square;
}

function css([r, g, b]: Rgb): string {
  return `rgb(${r}, ${g}, ${b})`;
}

/** Return the page's colors at an element. */
export function paletteOf(of: Element, scheme: Scheme): Palette {
  const style = getComputedStyle(of);
  const named = (name: string): Rgb => {
    const value = style.getPropertyValue(name).trim();
    return rgb(/^#[0-9a-f]{6}$/i.test(value) ? value : "#888888");
  };
  return {
    scheme,
    quiet: named("--quiet"),
    faint: named("--line"),
    series: [1, 2, 3, 4, 5].map((k) => named(`--series-${k}`)),
  };
}
