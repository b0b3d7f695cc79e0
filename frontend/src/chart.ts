/** Charts with a caption and, for those who do not see them, the same numbers as a table. */

import uPlot from "uplot";
import { disclosure, h, table, whileOnPage } from "./dom";
import { short } from "./numbers";
import { type Numbers, saving } from "./saving";

export interface Series {
  label: string;
  values: ArrayLike<number | null>;
  /** How it is drawn. */
  kind: "line" | "dashes" | "points" | "bars";
  /** Of points; so that nobody needs to tell colors apart. */
  shape?: Shape;
  /** Of points, in pixels. */
  size?: number;
  /** Which of the page's series colors, 1 to 5. */
  color?: number;
}

export interface Chart {
  /** One sentence: what is seen. */
  caption: string;
  x: { label: string; values: ArrayLike<number>; log?: boolean; range?: [number, number] };
  y: { label: string; log?: boolean; range?: [number, number] };
  series: Series[];
  /** Words instead of the picture; without them, the numbers are a table. */
  description?: string;
  height?: number;
  /** The table of its numbers, where one with a column for each series would say less. */
  numbers?: Numbers;
}

export type Shape = keyof typeof SHAPES;

const ROWS = 40; // of the table beside a chart
const SHAPES = { disc: "●", ring: "○", square: "■", triangle: "▲", diamond: "◆", star: "✱" };

/** Return the outline of a shape of radius r about a point. */
function outline(shape: Shape, x: number, y: number, r: number): Path2D {
  const path = new Path2D();
  const polygon = (corners: number, turn: number, inner = 1) => {
    for (let k = 0; k < corners; k++) {
      const angle = (2 * Math.PI * k) / corners + turn;
      const at = k % 2 ? r * inner : r;
      path.lineTo(x + at * Math.cos(angle), y + at * Math.sin(angle));
    }
    path.closePath();
  };
  if (shape === "square") path.rect(x - 0.8 * r, y - 0.8 * r, 1.6 * r, 1.6 * r);
  else if (shape === "triangle") polygon(3, -Math.PI / 2);
  else if (shape === "diamond") polygon(4, 0);
  else if (shape === "star") polygon(10, -Math.PI / 2, 0.4);
  else path.arc(x, y, r, 0, 2 * Math.PI);
  return path;
}

/** Draw the points of a series as shapes. */
function shaped(shape: Shape, size: number): uPlot.Series.Points.PathBuilder {
  return (plot, k, first, last) => {
    const all = new Path2D();
    const { scale } = plot.series[k]!;
    for (let i = first; i <= last; i++) {
      const y = plot.data[k]![i];
      if (y === null || y === undefined) continue;
      const at = plot.valToPos(plot.data[0]![i]!, "x", true);
      all.addPath(outline(shape, at, plot.valToPos(y, scale!, true), (size / 2) * uPlot.pxRatio));
    }
    return { stroke: all, fill: shape === "ring" ? null : all, flags: 0 };
  };
}

/** Return ends of a logarithmic axis, so that no point lies on its edge. */
function around(values: ArrayLike<number>): [number, number] {
  const all = Array.from(values);
  return [Math.min(...all) / 1.1, Math.max(...all) * 1.1];
}

/** Return where a logarithmic axis is labelled: at 1, 2 and 5 of each decade, or at fewer. */
export function decades(low: number, high: number): number[] {
  const span = Math.log10(high / low);
  const marks = span < 2.2 ? [1, 2, 5] : [1];
  const step = Math.max(1, Math.ceil(span / 7));
  const found: number[] = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) {
    if (e % step) continue;
    // 10 ** -4 is not the nearest number to 0.0001, which is
    for (const mark of marks) found.push(Number(`${mark}e${e}`));
  }
  const inside = found.filter((at) => at >= low * 0.9999 && at <= high * 1.0001);
  return inside.length > 1 ? inside : [low, Math.sqrt(low * high), high];
}

/** Return points as a column over `xs`, in which each x stands once for each point that has it. */
export function placed(
  xs: readonly number[],
  points: readonly (readonly [x: number, y: number])[],
): (number | null)[] {
  const column: (number | null)[] = xs.map(() => null);
  for (const [x, y] of points) {
    let at = xs.indexOf(x);
    while (column[at] !== null && xs[at + 1] === x) at += 1;
    column[at] = y;
  }
  return column;
}

function color(of: Element, name: string): string {
  return getComputedStyle(of).getPropertyValue(name).trim() || "#888";
}

function numbersOf({ x, series, numbers }: Chart): Numbers {
  if (numbers) return numbers;
  return {
    head: [x.label, ...series.map((one) => one.label)],
    rows: Array.from(x.values, (at, i) => [at, ...series.map((one) => one.values[i] ?? null)]),
  };
}

function thinned(count: number): number[] {
  const step = Math.max(1, Math.ceil(count / ROWS));
  return Array.from({ length: count }, (_, i) => i).filter(
    (i) => i % step === 0 || i === count - 1,
  );
}

/** Return what of a chart a drawn one cannot change: all but its numbers. */
function form({ x, y, height, series }: Chart): string {
  const scale = (of: { label: string; log?: boolean; range?: [number, number] }) => [
    of.label,
    of.log,
    !!of.range,
  ];
  return JSON.stringify([height, scale(x), scale(y), series.map(({ values: _, ...one }) => one)]);
}

/** Return a chart that follows its width and the page's colors, and a function that renews it. */
export function chart(first: Chart): { element: HTMLElement; show(next: Chart): void } {
  const plot = h("div", { class: "plot", role: "img", "aria-label": first.caption });
  const caption = h("figcaption", {}, first.caption);
  const numbers = disclosure("The numbers", tabled);
  const element = h("figure", { class: "chart" }, plot, caption, numbers.element);
  let shown = first;
  let drawn: { plot: uPlot; form: string } | null = null;

  /** Return the range of a scale as it is when uPlot asks, which it does for new numbers. */
  const ranged = (of: () => [number, number] | undefined) => (of() ? { range: () => of()! } : {});
  const across = () => shown.x.range ?? (shown.x.log ? around(shown.x.values) : undefined);
  const data = (): uPlot.AlignedData => [
    Array.from(shown.x.values),
    ...shown.series.map((one) => Array.from(one.values)),
  ];

  /** Draw afresh, in the colors that the page has now. */
  function draw() {
    const width = plot.clientWidth;
    drawn?.plot.destroy();
    drawn = null;
    if (!width) return;
    const text = color(plot, "--text");
    const axis = ({ label, log }: { label: string; log?: boolean }) => ({
      label,
      ...(log
        ? {
            splits: (_: uPlot, __: number, low: number, high: number) => decades(low, high),
            filter: (_: uPlot, splits: number[]) => splits,
            values: (_: uPlot, splits: number[]) => splits.map((at) => short(at, 1)),
          }
        : {}),
      stroke: text,
      grid: { stroke: color(plot, "--line"), width: 1 },
      ticks: { stroke: color(plot, "--line"), width: 1 },
      labelSize: 22,
      size: 58,
    });
    const made = new uPlot(
      {
        width,
        height: shown.height ?? 260,
        legend: { show: shown.series.length > 1 },
        cursor: { drag: { x: false, y: false } },
        scales: {
          x: {
            time: false,
            distr: shown.x.log ? 3 : 1,
            ...ranged(across),
          },
          y: {
            distr: shown.y.log ? 3 : 1,
            ...ranged(() => shown.y.range),
          },
        },
        axes: [{ ...axis(shown.x), size: 36 }, axis(shown.y)],
        series: [
          { label: shown.x.label, value: (_, v) => (v === null ? "–" : short(v)) },
          ...shown.series.map((one, k) => {
            const stroke = color(plot, `--series-${one.color ?? k + 1}`);
            return {
              label: one.shape ? `${SHAPES[one.shape]} ${one.label}` : one.label,
              stroke,
              width: 2,
              value: (_: uPlot, v: number | null) => (v === null ? "–" : short(v)),
              points: {
                show: one.kind === "points",
                size: one.size ?? 6,
                fill: stroke,
                ...(one.shape ? { paths: shaped(one.shape, one.size ?? 6) } : {}),
              },
              ...(one.kind === "dashes" ? { dash: [6, 4] } : {}),
              ...(one.kind === "points" ? { paths: () => null } : {}),
              ...(one.kind === "bars"
                ? { fill: `${stroke}99`, paths: uPlot.paths.bars!({ size: [1, 100] }) }
                : {}),
            } satisfies uPlot.Series;
          }),
        ],
      },
      data(),
      plot,
    );
    drawn = { plot: made, form: form(shown) };
  }

  function tabled(): Node[] {
    const all = numbersOf(shown);
    const rows = shown.numbers ? all.rows : thinned(all.rows.length).map((i) => all.rows[i]!);
    const words = rows.map((row) =>
      row.map((cell) => (typeof cell === "string" ? cell : short(cell ?? Number.NaN))),
    );
    return [table(shown.caption, all.head, words), saving(shown.caption, () => numbersOf(shown))];
  }

  function show(next: Chart) {
    shown = next;
    caption.textContent = next.caption;
    plot.setAttribute("aria-label", next.description ?? next.caption);
    numbers.renew();
    if (drawn?.form === form(next)) drawn.plot.setData(data());
    else draw();
  }

  whileOnPage(plot, draw);
  show(first);
  return { element, show };
}
