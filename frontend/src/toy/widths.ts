/** Loss against width: the runs of this page beside what theory expects. */

import type { Chart, Series } from "../chart";
import { fixed, short } from "../numbers";
import { geometric } from "../theory";
import { probabilities } from "./features";
import { type Regime, weakLoss } from "./measure";

/** The end of one run. */
export interface Point {
  m: number;
  loss: number;
  regime: Regime;
}

const WIDTHS = 8;
const WIDEST = 100;
const SHAPES = { strong: "disc", intermediate: "diamond", weak: "ring", none: "square" } as const;

/** Return widths from 2 to below n, each about the same multiple of the one before. */
export function widthsOf(n: number): number[] {
  const last = Math.max(2, Math.min(WIDEST, n - 1));
  return [...new Set(geometric(2, last, WIDTHS).map(Math.round))];
}

/** Return −d log loss / d log m by least squares; null for fewer than three points. */
export function exponent(points: readonly Point[]): number | null {
  if (points.length < 3) return null;
  const x = points.map(({ m }) => Math.log(m));
  const y = points.map(({ loss }) => Math.log(loss));
  const [meanX, meanY] = [x, y].map((all) => all.reduce((a, b) => a + b, 0) / all.length);
  const square = x.reduce((sum, value) => sum + (value - meanX!) ** 2, 0);
  return -x.reduce((sum, value, k) => sum + (value - meanX!) * (y[k]! - meanY!), 0) / square;
}

/** Return the points that the law of widths is about: m well below n, where 1/m may hold. */
export function narrow(points: readonly Point[], n: number): Point[] {
  return points.filter(({ m, loss }) => m <= n / 2 && loss > 0);
}

/** Return the chart of loss against width. */
export function widthsChart(all: readonly Point[], n: number, alpha: number): Chart {
  const points = all.filter(({ loss }) => loss > 0);
  const p = probabilities(n, alpha);
  const grid = geometric(2, Math.max(3, Math.min(WIDEST, n - 1)), 25).map(Math.round);
  const x = [...new Set([...grid, ...points.map(({ m }) => m)])].sort((a, b) => a - b);
  const fitted = narrow(points, n);
  const logs = fitted.map(({ m, loss }) => Math.log(m * loss));
  const constant = Math.exp(logs.reduce((a, b) => a + b, 0) / logs.length);
  const series: Series[] = (["strong", "intermediate", "weak", "none"] as const)
    .map((regime) => ({ regime, of: points.filter((point) => point.regime === regime) }))
    .filter(({ of }) => of.length)
    .map(({ regime, of }) => ({
      label: `runs here, ${regime === "none" ? "room for all" : regime}`,
      kind: "points" as const,
      shape: SHAPES[regime],
      size: 9,
      color: 1,
      values: x.map((m) => of.find((point) => point.m === m)?.loss ?? null),
    }));
  if (fitted.length) {
    series.push({
      label: `${short(constant)}/m`,
      kind: "dashes",
      color: 2,
      values: x.map((m) => constant / m),
    });
  }
  series.push({
    label: "features beyond the m most frequent",
    kind: "line",
    color: 3,
    values: x.map((m) => (m < n ? weakLoss(p, m) : null)),
  });
  return {
    caption: captionOf(fitted, n, constant),
    x: { label: "width m", values: x, log: true },
    y: { label: "loss", log: true },
    series,
    numbers: {
      head: ["width m", "regime", "loss", "c/m", "weak"],
      rows: points.map(({ m, regime, loss }) => [
        String(m),
        regime === "none" ? "room for all" : regime,
        short(loss),
        fitted.length ? short(constant / m) : "–",
        m < n ? short(weakLoss(p, m)) : "0",
      ]),
    },
  };
}

function captionOf(fitted: Point[], n: number, constant: number): string {
  const found = exponent(fitted);
  return (
    "Loss against width, both logarithmic. In strong superposition theory expects a loss " +
    "proportional to 1/m: the dashed line" +
    (fitted.length
      ? `, ${short(constant)}/m, is the one through the middle of the runs up to m = n/2. `
      : ". ") +
    "In weak superposition it is the frequencies of the features left out times 4/3: the full " +
    "line is its least, where the m most frequent have room. " +
    (found === null
      ? "Run three widths or more to see the exponent."
      : `The ${fitted.length} runs up to m = ${n / 2} fall as m to the power ${fixed(-found, 2)}.`)
  );
}
