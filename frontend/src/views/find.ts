/** Find and compare: a token, the rows nearest to it, and its overlaps against chance. */

import { chart } from "../chart";
import { facts, h, select, table } from "../dom";
import { link } from "../links";
import type { Model } from "../models";
import { fixed, percent, short, whole } from "../numbers";
import { saving } from "../saving";
import { BINS, type Nearest } from "../search/rows";
import { overlapDensity } from "../theory";
import {
  type Chosen,
  centerOf,
  chip,
  chosenOf,
  keyOf,
  leading,
  modelChoice,
  noun,
  searchBox,
  tokenLink,
  unknown,
} from "../tokens";
import type { App, Mounted, View } from "../view";

const NEIGHBORS = 10;

export const find: View = { name: "find", title: "Find and compare", mount };

function mount(root: HTMLElement, app: App): Mounted {
  const search = searchBox(app, () => leading(app));
  const chosen = h("div", { class: "chosen" });
  const which = app.models.length > 1 ? modelChoice(app) : null;
  const centering = h("span", {});
  const controls = h("div", { class: "controls" }, which, centering);
  const results = h("div", { class: "columns" });
  const compared = h("section", { "aria-label": "Comparison" });
  root.append(h("h2", {}, "Find and compare"), search.element, controls, chosen, compared, results);
  let turn = 0;
  let shown: Model | null = null;

  /** Show which model leads, and the choice of its centerings. */
  function lead(model: Model, center: string) {
    if (which) which.querySelector("select")!.value = String(app.models.indexOf(model));
    if (shown !== model) {
      shown = model;
      search.update();
      centering.replaceChildren(
        select(
          "Rows are compared",
          model.about.centerings.map((one) => [one.name, one.title] as const),
          center,
          (value) => app.set({ center: value }),
        ),
      );
    }
    centering.querySelector("select")!.value = center;
  }

  async function update() {
    turn += 1;
    const mine = turn;
    const model = leading(app);
    const center = centerOf(app, model);
    lead(model, center);
    const tokens = chosenOf(app);
    const lost = unknown(app);
    chosen.replaceChildren(
      ...tokens.map((one) => chip(app, one)),
      lost
        ? h(
            "p",
            { role: "status" },
            `${whole(lost)} of the address are no ids of ` +
              `${app.models.length > 1 ? "these models" : model.about.name}.`,
          )
        : "",
    );
    if (!tokens.length) {
      results.replaceChildren();
      compared.replaceChildren(...examples(app, model));
      return;
    }
    if (!results.childElementCount) {
      results.replaceChildren(h("p", { role: "status" }, "Loading the rows …"));
    }
    const models = [model, ...app.models.filter((other) => other !== model)];
    const made = await Promise.all(models.map((one) => column(app, one, tokens.at(-1)!)));
    const square = await comparison(app, models, tokens);
    if (mine !== turn) return;
    results.replaceChildren(...made);
    compared.replaceChildren(...square);
  }
  return { update };
}

/** Some tokens to begin with: of a few that are spread over the vocabulary, the first words. */
function examples(app: App, model: Model): HTMLElement[] {
  const { features, texts } = model.about;
  const spread = Array.from({ length: 200 }, (_, k) => Math.floor((features * (k + 0.5)) / 200));
  const words = spread.filter((at) => /^ ?\p{L}{4,}$/u.test(texts?.[at] ?? ""));
  const few = (words.length ? words : spread).slice(0, 12);
  const links = few.map((at) =>
    h(
      "li",
      {},
      link(app, { tokens: keyOf(app, model, at) }, h("bdi", { class: "token" }, model.title(at))),
    ),
  );
  return [
    h("p", {}, `Type a ${noun(model)} to see the rows nearest to it, or begin with one of these.`),
    h("ul", { class: "examples" }, ...links),
  ];
}

/** One model's answer for a token. */
async function column(app: App, model: Model, token: Chosen): Promise<HTMLElement> {
  const section = h("section", { "aria-label": model.about.name });
  if (app.models.length > 1) section.append(h("h3", {}, model.about.name));
  const at = model.counterpart(token.model, token.at);
  if (at === null) {
    section.append(h("p", {}, "Its vocabulary has no such entry."));
    return section;
  }
  section.append(known(app, model, at));
  const center = centerOf(app, model);
  try {
    await model.whole();
    const nearest = await model.search.nearest(at, NEIGHBORS, center, model.equal(at));
    if (!nearest.histogram.some(Boolean)) {
      section.append(h("p", {}, "Its row has no direction here, so it overlaps with none."));
      return section;
    }
    section.append(
      h(
        "div",
        { class: "columns" },
        neighbors(app, model, at, nearest),
        histogram(model, center, nearest),
      ),
    );
  } catch (error) {
    section.append(h("p", { role: "alert" }, (error as Error).message));
  }
  return section;
}

function known(app: App, model: Model, at: number): HTMLElement {
  const number = (name: string) => short((model.arrays[name] as Float32Array)[at]!);
  const { width } = model.about;
  const times = (name: string) => short((model.arrays[name] as Float32Array)[at]! * width);
  const equal = model.equal(at);
  const rows: [string, string | Node][] = [
    ["norm of its row", number("norm")],
    ["interference, raw", `${times("interference")} × chance`],
    ["interference, centered", `${times("interference_centered")} × chance`],
  ];
  if (model.kind(at)) rows.push(["class", model.kind(at)]);
  if (model.arrays.frequency) {
    const all = model.arrays.frequency as Float32Array;
    const total = all.reduce((a, b) => a + b, 0);
    rows.push(["share of the text", percent(all[at]! / total)]);
  }
  const meanings: [string, string][] = [];
  model.about.columns.forEach((column, k) => {
    const value = model.column(k, at);
    if (value === null) return;
    const other = column.ids ? model.position(model.arrays[`column_${k}`]![at]!) : null;
    rows.push([column.name, other === null ? value : tokenLink(app, model, other)]);
    if (column.meaning) meanings.push([column.name, column.meaning]);
  });
  if (equal.length) rows.push(["equal rows", equal.map((i) => model.title(i)).join(", ")]);
  return h(
    "div",
    {},
    h("h3", {}, h("bdi", { class: "token" }, model.title(at)), ` #${model.id(at)}`),
    facts(rows),
    meanings.length ? h("details", {}, h("summary", {}, "What this means"), facts(meanings)) : null,
  );
}

function neighbors(app: App, model: Model, at: number, nearest: Nearest): HTMLElement {
  return h(
    "div",
    {},
    table(
      `The rows nearest to ${model.title(at)}, of all ${whole(model.about.features)}`,
      [noun(model), "id", "overlap c", "norm"],
      nearest.rows.map((row, k) => [
        tokenLink(app, model, row),
        `#${model.id(row)}`,
        fixed(nearest.overlaps[k]!, 4),
        short((model.arrays.norm as Float32Array)[row]!),
      ]),
    ),
    h(
      "p",
      { class: "quiet" },
      `Searched in int8; the ${whole(nearest.compared)} rows that its error leaves in the running ` +
        "were compared in float64.",
    ),
  );
}

function histogram(model: Model, center: string, nearest: Nearest): HTMLElement {
  const { width } = model.about;
  const { counts, from } = trimmed(nearest.histogram);
  const total = nearest.histogram.reduce((a, b) => a + b, 0);
  const middle = counts.map((_, k) => -1 + (2 * (from + k) + 1) / BINS);
  const chance = middle.map((c) => (total * 2 * overlapDensity(c, width)) / BINS);
  const title = model.about.centerings.find((one) => one.name === center)!.title;
  return chart({
    caption:
      `Its overlaps with every other row, ${title}, counted in int8. The line is what random directions in ` +
      `${whole(width)} dimensions have.`,
    x: { label: "overlap c", values: middle },
    y: { label: "rows", log: true, range: [0.5, 2 * Math.max(...counts, ...chance)] },
    series: [
      { label: "rows", values: counts.map((n) => n || null), kind: "bars" },
      { label: "random directions", values: chance.map((n) => (n > 0.5 ? n : null)), kind: "line" },
    ],
  }).element;
}

function trimmed(histogram: Uint32Array): { counts: number[]; from: number } {
  let from = histogram.findIndex((n) => n > 0);
  let to = histogram.findLastIndex((n) => n > 0) + 1;
  from = Math.max(0, from - 2);
  to = Math.min(BINS, to + 2);
  return { counts: Array.from(histogram.subarray(from, to)), from };
}

/** The overlaps of the chosen tokens with each other. */
async function comparison(
  app: App,
  models: readonly Model[],
  tokens: readonly Chosen[],
): Promise<HTMLElement[]> {
  if (tokens.length < 2) return [];
  const made: HTMLElement[] = [];
  for (const model of models) {
    const center = centerOf(app, model);
    const rows = tokens
      .map((one) => model.counterpart(one.model, one.at))
      .filter((row): row is number => row !== null);
    if (rows.length < 2) continue;
    let square: number[][];
    try {
      await model.whole();
      square = await model.search.overlaps(rows, center);
    } catch {
      continue; // its column says why
    }
    const about = model.about.centerings.find((one) => one.name === center)!;
    made.push(
      table(
        `Overlaps with each other in ${model.about.name}, ${about.title}; a random pair has ` +
          `${fixed(about.mean, 2)} ± ${fixed(about.std, 2)}`,
        [noun(model), ...rows.map((row) => model.title(row))],
        rows.map((row, i) => [
          h("bdi", { class: "token" }, model.title(row)),
          ...square[i]!.map((c) => (Number.isNaN(c) ? "–" : fixed(c, 3))),
        ]),
      ),
      saving(`Overlaps in ${model.about.name}`, () => ({
        head: [noun(model), ...rows.map((row) => model.title(row))],
        rows: rows.map((row, i) => [model.title(row), ...square[i]!]),
      })),
    );
  }
  return made;
}
