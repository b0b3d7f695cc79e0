/** Charts with a caption and, for those who do not see them, the same numbers as a table. */

import uPlot from "uplot";
import { h, table } from "./dom";
import { short } from "./numbers";

export interface Series {
  label: string;
  values: ArrayLike<number | null>;
  /** How it is drawn. */
  kind: "line" | "dashes" | "points" | "bars";
  /** Which of the page's series colors, 1 to 5. */
  color?: number;
}

export interface Chart {
  /** One sentence: what is seen. */
  caption: string;
  x: { label: string; values: ArrayLike<number>; log?: boolean };
  y: { label: string; log?: boolean; range?: [number, number] };
  series: Series[];
  /** Words instead of the picture; without them, the numbers are a table. */
  description?: string;
  height?: number;
}

const ROWS = 40; // of the table beside a chart

function color(of: Element, name: string): string {
  return getComputedStyle(of).getPropertyValue(name).trim() || "#888";
}

function thinned(count: number): number[] {
  const step = Math.max(1, Math.ceil(count / ROWS));
  return Array.from({ length: count }, (_, i) => i).filter(
    (i) => i % step === 0 || i === count - 1,
  );
}

/** Return a chart that follows its width and the page's colors, and a function that renews it. */
export function chart(first: Chart): { element: HTMLElement; show(next: Chart): void } {
  const plot = h("div", { class: "plot", role: "img", "aria-label": first.caption });
  const caption = h("figcaption", {}, first.caption);
  const numbers = h("details", {});
  const element = h("figure", { class: "chart" }, plot, caption, numbers);
  let shown = first;
  let drawn: uPlot | null = null;

  function draw() {
    const width = plot.clientWidth;
    if (!width) return;
    drawn?.destroy();
    const text = color(plot, "--text");
    const axis = (label: string) => ({
      label,
      stroke: text,
      grid: { stroke: color(plot, "--line"), width: 1 },
      ticks: { stroke: color(plot, "--line"), width: 1 },
      labelSize: 22,
      size: 52,
    });
    drawn = new uPlot(
      {
        width,
        height: shown.height ?? 260,
        legend: { show: shown.series.length > 1 },
        cursor: { drag: { x: false, y: false } },
        scales: {
          x: { time: false, distr: shown.x.log ? 3 : 1 },
          y: {
            distr: shown.y.log ? 3 : 1,
            ...(shown.y.range ? { range: shown.y.range } : {}),
          },
        },
        axes: [{ ...axis(shown.x.label), size: 36 }, axis(shown.y.label)],
        series: [
          { label: shown.x.label, value: (_, v) => (v === null ? "–" : short(v)) },
          ...shown.series.map((one, k) => {
            const stroke = color(plot, `--series-${one.color ?? k + 1}`);
            return {
              label: one.label,
              stroke,
              width: 2,
              value: (_: uPlot, v: number | null) => (v === null ? "–" : short(v)),
              points: { show: one.kind === "points", size: 6, fill: stroke },
              ...(one.kind === "dashes" ? { dash: [6, 4] } : {}),
              ...(one.kind === "points" ? { paths: () => null } : {}),
              ...(one.kind === "bars"
                ? { fill: `${stroke}99`, paths: uPlot.paths.bars!({ size: [1, 100] }) }
                : {}),
            } satisfies uPlot.Series;
          }),
        ],
      },
      [Array.from(shown.x.values), ...shown.series.map((one) => Array.from(one.values))],
      plot,
    );
  }

  function show(next: Chart) {
    shown = next;
    caption.textContent = next.caption;
    plot.setAttribute("aria-label", next.description ?? next.caption);
    const rows = thinned(next.x.values.length).map((i) => [
      short(next.x.values[i]!),
      ...next.series.map((one) => (one.values[i] == null ? "–" : short(one.values[i]!))),
    ]);
    numbers.replaceChildren(
      h("summary", {}, "The numbers"),
      table(next.caption, [next.x.label, ...next.series.map((one) => one.label)], rows),
    );
    draw();
  }

  new ResizeObserver(draw).observe(plot);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  show(first);
  return { element, show };
}
