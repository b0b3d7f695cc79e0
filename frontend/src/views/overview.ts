/** Overview: what `measure` reports of each model, and where it lies among published ones. */

import { chart } from "../chart";
import { h, table } from "../dom";
import { normsChart, PUBLISHED_SOURCE, spectrumChart, widthChart } from "../figures";
import { overviewOf } from "../geometry";
import type { Model } from "../models";
import { whole } from "../numbers";
import type { App, Mounted, View } from "../view";

export const overview: View = { name: "overview", title: "Overview", mount };

function mount(root: HTMLElement, app: App): Mounted {
  root.append(h("h2", {}, "What superscope measure reports"));
  const known = app.models.filter((model) => overviewOf(model));
  if (!known.length) {
    root.append(h("p", {}, "This page was made without the geometry of its models."));
    return { update: () => {} };
  }
  root.append(
    chart(widthChart(known, app.models)).element,
    h("p", { class: "quiet" }, PUBLISHED_SOURCE),
    h("div", { class: "columns" }, ...known.map((model) => section(model, known.length > 1))),
  );
  return { update: () => {} };
}

function section(model: Model, several: boolean): HTMLElement {
  const found = overviewOf(model)!;
  const { features, width } = model.about;
  return h(
    "section",
    { "aria-label": model.about.name },
    h("h3", {}, several ? found.title : "Its numbers"),
    several ? null : h("p", {}, found.title),
    room(features, width, model.about.what),
    table(
      "Overlaps of the rows with each other",
      ["measure", ...found.columns],
      found.overlaps.map(line),
    ),
    facts(found.facts),
    notes(found.notes),
    chart(spectrumChart(model)).element,
    chart(normsChart(model)).element,
  );
}

/** Say whether superposition is needed at all. */
function room(features: number, width: number, what: string): HTMLElement {
  return h(
    "p",
    {},
    features > width
      ? `${whole(features)} ${what} share ${whole(width)} dimensions, so they cannot all be at ` +
          "right angles: they overlap."
      : `${whole(features)} ${what} have ${whole(width)} dimensions: there is room for all of ` +
          "them at right angles, so superposition is not needed. Any overlap here is learned, " +
          "not forced, and no lower bound applies.",
  );
}

/** Return a line of the table; what belongs to the line above is set in a little. */
function line([label, ...values]: string[]): (string | Node)[] {
  const shown = h("span", { class: label!.startsWith(" ") ? "under" : null }, label!.trim());
  return [shown, ...values];
}

/** Return facts; those without a label of their own belong to the one above. */
function facts(found: [string, string][]): HTMLElement {
  const rows: [string, string[]][] = [];
  for (const [label, said] of found) {
    if (label || !rows.length) rows.push([label, [said]]);
    else rows.at(-1)![1].push(said);
  }
  return h(
    "dl",
    { class: "facts" },
    ...rows.flatMap(([label, said]) => [
      h("dt", {}, label),
      ...said.map((one) => h("dd", {}, one)),
    ]),
  );
}

function notes(said: string[]): HTMLElement | null {
  if (!said.length) return null;
  return h(
    "div",
    {},
    h("h4", {}, "Notes of the measurement"),
    h("ul", {}, ...said.map((note) => h("li", {}, note))),
  );
}
