/** Charts that several views show. */

import { type Chart, placed, type Series, type Shape } from "./chart";
import { overviewOf, publishedOf } from "./geometry";
import type { Model } from "./models";
import { short, whole } from "./numbers";
import { chance, geometric, ranks, welchFloor } from "./theory";

const LEAST = 1e-3; // of chance; what is below is as good as zero, and would flatten the rest
const APART = 4; // models that a chart shows in colors of their own
const SHAPES: Shape[] = ["square", "triangle", "diamond", "star"];
const OWN: Record<string, { shape: Shape; size: number; color: number }> = {
  none: { shape: "disc", size: 11, color: 1 },
  mean: { shape: "ring", size: 11, color: 1 },
  frequency: { shape: "ring", size: 7, color: 3 },
};

export const PUBLISHED_SOURCE =
  "Published: raw rows, read off figure 8a of Liu, Liu, Gore, Superposition Yields Robust " +
  "Neural Scaling, arXiv 2505.10465.";

/**
 * Return the chart of mean square overlap against width of some models, with the published ones,
 * which the first of all models of the page carries.
 */
export function widthChart(models: readonly Model[], all: readonly Model[]): Chart {
  const published = publishedOf(all);
  const own = models.flatMap((model) => {
    const { name, width } = model.about;
    return (overviewOf(model)?.centerings ?? []).map((one) => ({
      model: name,
      width,
      center: one.name,
      title: one.title,
      overlap: one.mean_square,
    }));
  });
  const drawn = own.filter((one) => one.overlap * one.width >= LEAST);
  const widths = [...published.overlaps, ...own].map((one) => one.width);
  const [low, high] = [Math.min(...widths) / 1.3, Math.max(...widths) * 1.3];
  const values = [...published.overlaps, ...drawn].map((one) => one.overlap);
  const least = Math.min(chance(high), ...values) / 1.3;
  const most = Math.max(...values, chance(low)) * 1.8;
  const xs = [...geometric(low, high, 60), ...widths].sort((a, b) => a - b);
  const over = (points: { width: number; overlap: number }[]) =>
    placed(
      xs,
      points.map(({ width, overlap }) => [width, overlap] as const),
    );
  const line = (value: (width: number) => number) =>
    xs.map((width) => {
      const at = value(width);
      return at >= least && at <= most ? at : null;
    });
  const { features } = models[0]!.about;
  const centers = [...new Map(own.map((one) => [one.center, one.title]))];
  const which = models.length > 1 ? "models of this page" : "this model";
  const groups =
    models.length > 1 && models.length <= APART
      ? models.map(({ about: { name } }, k) => ({
          who: name,
          mine: (model: string) => model === name,
          color: k + 1,
        }))
      : [{ who: which, mine: () => true, color: null }];
  const series: Series[] = [
    ...Object.entries(published.families).map(([family, label], k) => ({
      label,
      values: over(published.overlaps.filter((one) => one.family === family)),
      kind: "points" as const,
      shape: SHAPES[k % SHAPES.length]!,
      color: 2 + (k % 4),
      size: 7,
    })),
    ...groups.flatMap(({ who, mine, color }) =>
      centers.map(([center, title]) => ({
        label: `${who}, ${title}`,
        values: over(drawn.filter((one) => one.center === center && mine(one.model))),
        kind: "points" as const,
        ...OWN[center]!,
        ...(color ? { color } : {}),
      })),
    ),
    { label: "chance, 1/m", values: line(chance), kind: "dashes", color: 0 },
    {
      label: `least possible of ${whole(features)} rows`,
      values: line((width) => welchFloor(features, width)),
      kind: "line",
      color: 0,
    },
  ];
  const hidden = own.length - drawn.length;
  return {
    caption:
      "Mean square overlap of the rows against the width, beside " +
      `${published.overlaps.length} published models. On the dashed line rows overlap as much as ` +
      "random directions do; above it, more. The solid line is Welch's bound." +
      (hidden
        ? ` Too near 0 for this axis: ${hidden === 1 ? "one value" : `${hidden} values`} of ${which}.`
        : ""),
    x: { label: "width m", values: xs, log: true, range: [low, high] },
    y: { label: "mean square overlap", log: true, range: [least, most] },
    series,
    height: 380,
    numbers: {
      head: ["model", "rows", "width", "mean square overlap", "times chance"],
      rows: [
        ...own.map((one) => [one.model, one.title, one.width, one.overlap] as const),
        ...published.overlaps.map((one) => [one.model, "raw", one.width, one.overlap] as const),
      ].map(([name, rows, width, overlap]) => [name, rows, width, overlap, overlap * width]),
    },
  };
}

/** Return the chart of how evenly the directions of the width are used. */
export function spectrumChart(model: Model): Chart {
  const { features, width } = model.about;
  const part = model.parts.overview!;
  const at = ranks(width, 200);
  const used = Math.min(features, width);
  const spectra = overviewOf(model)!.centerings.map((one) => ({
    title: one.title,
    values: part.arrays[`spectrum_${one.name}`] as Float64Array,
  }));
  const most = Math.max(...spectra.map((one) => one.values[0]!));
  const floor = Math.max(most * 1e-7, 1e-9);
  const even = features / used;
  return {
    caption:
      "Eigenvalues of the Gram matrix of the unit rows, the largest first: how much of all rows " +
      "lies along each direction. They add up to V. Flat is the least interference; a steep " +
      "start means that most rows share a few directions.",
    x: { label: "rank of the eigenvalue", values: at, log: true, range: [1, Math.max(2, width)] },
    y: { label: "eigenvalue", log: true },
    series: [
      ...spectra.map((one, k) => ({
        label: one.title,
        values: at.map((rank) => {
          const value = one.values[rank - 1]!;
          return value > floor ? value : null;
        }),
        kind: "line" as const,
        color: k + 1,
      })),
      {
        label:
          features > width
            ? `least interference: V/m = ${short(even)} each`
            : "no interference: V eigenvalues of 1",
        values: at.map((rank) => (rank <= used ? even : null)),
        kind: "dashes",
        color: 0,
      },
    ],
  };
}

/** Return the chart of how many rows have which norm. */
export function normsChart(model: Model): Chart {
  const overview = overviewOf(model)!;
  const { norm_counts, norm_edges } = model.parts.overview!.arrays;
  const edges = Array.from(norm_edges as Float64Array);
  const counts = Array.from(norm_counts as Float64Array);
  const most = Math.max(...counts);
  return {
    caption:
      `Rows of each norm. A row counts as represented above ${short(overview.threshold, 4)}, ` +
      `${overview.threshold_rule}` +
      (overview.represented === null
        ? "; but the scale of the numbers is not known, so that norms say nothing."
        : `: ${short(100 * overview.represented, 4)} % of the rows do.`),
    x: {
      label: "norm of the row",
      range: [edges[0]!, edges.at(-1)!],
      values: counts.map((_, k) => (edges[k]! + edges[k + 1]!) / 2),
    },
    y: { label: "rows", log: true, range: [0.5, 2 * most] },
    series: [{ label: "rows", values: counts.map((n) => n || null), kind: "bars" }],
  };
}
