/** What a map says in words and tables. */

import { facts, h, table } from "../dom";
import type { Model } from "../models";
import { fixed, percent, short } from "../numbers";
import { tokenLink } from "../tokens";
import type { App } from "../view";
import type { Atlas, Layout } from "./atlas";
import { type Coloring, said } from "./measures";
import { placesFrom } from "./plane";

/** Rows near to one, by search, and how many are nearer in the picture than each. */
export interface Found {
  rows: number[];
  before: number[];
}

/** Return what is known of a row: its name, id, and what rows can be colored by. */
export function rowFacts(model: Model, colorings: readonly Coloring[], at: number): HTMLElement {
  const rows = colorings
    .map((one) => [one.title, said(one, at)] as const)
    .filter((row): row is readonly [string, string] => row[1] !== null);
  return h(
    "div",
    {},
    h("strong", {}, h("bdi", { class: "token" }, model.title(at)), ` #${model.id(at)}`),
    facts(rows),
  );
}

/** Return the rows nearest to a row, and words and a table of where they are in the picture. */
export async function nearby(
  app: App,
  atlas: Atlas,
  layout: Layout,
  at: number,
): Promise<[Found | null, HTMLElement[]]> {
  const { model } = atlas;
  const points = atlas.points(layout);
  if (Number.isNaN(points[2 * at]!)) {
    const words = `${model.title(at)} has no direction, so it is not in the picture.`;
    return [null, [h("p", {}, words)]];
  }
  let nearest: Awaited<ReturnType<Model["search"]["nearest"]>>;
  const equal = model.equal(at);
  try {
    await model.whole();
    nearest = await model.search.nearest(at, atlas.near, "mean", equal);
  } catch (error) {
    return [null, [h("p", { role: "alert" }, (error as Error).message)]];
  }
  const passed = atlas.repeated.slice();
  for (const other of equal) passed[other] = 1;
  const before = placesFrom(points, at, nearest.rows, passed);
  const close = before.filter((place) => place < nearest.rows.length).length;
  const sentence =
    `Of the ${nearest.rows.length} rows nearest to ${model.title(at)}, centered and searched in ` +
    `all dimensions, ${close || "none"} ${close === 1 ? "is" : "are"} among its ` +
    `${nearest.rows.length} nearest in this picture. Lines lead to them.`;
  return [
    { rows: nearest.rows, before },
    [
      h("p", {}, sentence),
      table(
        `The rows nearest to ${model.title(at)}`,
        ["token", "id", "overlap c", "rows nearer in the picture"],
        nearest.rows.map((row, k) => [
          tokenLink(app, model, row),
          `#${model.id(row)}`,
          fixed(nearest.overlaps[k]!, 4),
          short(before[k]!, 7),
        ]),
      ),
    ],
  ];
}

const ENDS = 3; // rows at each end

/** Return a table of the rows at the ends of the picture, and of what it is colored by. */
export function extremes(atlas: Atlas, layout: Layout, coloring: Coloring): HTMLElement {
  const { model } = atlas;
  const points = atlas.points(layout);
  const axis = (k: number) => (i: number) => points[2 * i + k]!;
  const ends: [string, (i: number) => number][] = [
    ["left", (i) => -axis(0)(i)],
    ["right", axis(0)],
    ["top", axis(1)],
    ["bottom", (i) => -axis(1)(i)],
  ];
  if (coloring.kind === "number") {
    const { values } = coloring;
    ends.push([`greatest ${coloring.title}`, (i) => values[i]!]);
    ends.push([`least ${coloring.title}`, (i) => -values[i]!]);
  }
  const rows = ends.flatMap(([where, of]) =>
    greatest(points.length / 2, of, atlas.repeated).map((i) => [
      where,
      h("bdi", { class: "token" }, model.title(i)),
      `#${model.id(i)}`,
      said(coloring, i) ?? "–",
    ]),
  );
  return table(
    `Rows at the ends of the picture by ${layout.title}, which keeps ${percent(layout.share)}`,
    ["where", "token", "id", coloring.title],
    rows,
  );
}

function greatest(count: number, of: (i: number) => number, passed: Uint8Array): number[] {
  let best: number[] = [];
  for (let i = 0; i < count; i++) {
    const value = of(i);
    if (passed[i] || Number.isNaN(value)) continue;
    if (best.length === ENDS && value <= of(best[ENDS - 1]!)) continue;
    best.push(i);
    best = best.sort((a, b) => of(b) - of(a)).slice(0, ENDS);
  }
  return best;
}
