/** Loss against width: the runs of this page beside what theory expects. */

import type { Chart, Series } from "../chart";
import { fixed, short } from "../numbers";
import { geometric, welchFloor } from "../theory";
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
  return points.filter(({ m, loss }) => m <= n / 4 && loss > 0);
}

/** Return the factor of a law by which it goes through the middle of points, in the logarithm. */
function factor(points: readonly Point[], law: (m: number) => number): number {
  const logs = points.map(({ m, loss }) => Math.log(loss / law(m)));
  return Math.exp(logs.reduce((a, b) => a + b, 0) / logs.length);
}

/** Return the chart of loss against width. */
export function widthsChart(all: readonly Point[], n: number, alpha: number): Chart {
  const points = all.filter(({ loss }) => loss > 0);
  const p = probabilities(n, alpha);
  const grid = geometric(2, Math.max(3, Math.min(WIDEST, n - 1)), 25).map(Math.round);
  const x = [...new Set([...grid, ...points.map(({ m }) => m)])].sort((a, b) => a - b);
  const fitted = narrow(points, n);
  const constant = factor(fitted, (m) => 1 / m);
  const ofFloor = factor(fitted, (m) => welchFloor(n, m));
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
    series.push({
      label: "as Welch's bound",
      kind: "line",
      color: 4,
      values: x.map((m) => (m < n ? ofFloor * welchFloor(n, m) : null)),
    });
  }
  series.push({
    label: "features beyond the m most frequent",
    kind: "line",
    color: 3,
    values: x.map((m) => (m < n ? weakLoss(p, m) : null)),
  });
  return {
    caption: captionOf(fitted, constant),
    x: { label: "width m", values: x, log: true },
    y: { label: "loss", log: true },
    series,
    numbers: {
      head: ["width m", "regime", "loss", "c/m", "as Welch's bound", "weak"],
      rows: points.map(({ m, regime, loss }) => [
        m,
        regime === "none" ? "room for all" : regime,
        loss,
        fitted.length ? constant / m : null,
        fitted.length ? ofFloor * welchFloor(n, m) : null,
        m < n ? weakLoss(p, m) : 0,
      ]),
    },
  };
}

function captionOf(fitted: Point[], constant: number): string {
  const found = exponent(fitted);
  return (
    "Loss against width, both logarithmic. In strong superposition theory expects a loss " +
    "proportional to 1/m where m is far below n" +
    (fitted.length
      ? ` (dashed, ${short(constant)}/m, through the middle of the runs up to m = n/4), and to ` +
        "Welch's bound on the way to m = n, where all have room. "
      : ". ") +
    "In weak superposition it expects the frequencies of the features left out times 4/3; the " +
    "line is for the m most frequent kept. " +
    (found === null
      ? "Run three widths of at most n/4 to see the exponent."
      : `The ${fitted.length} runs up to m = n/4 fall as m to the power ${fixed(-found, 2)}.`)
  );
}
