/** Screen 1: what a head is. */

import { h, select, table } from "../dom";
import type { Model } from "../models";
import { whole } from "../numbers";
import { chosenOf, keyOf } from "../tokens";
import { fanOf } from "./drawing";
import { type At, ofModel, one, p, type Screen, sources, strong } from "./screen";

const NEAREST = 5;
const OTHERS = 8;
const LENGTHS = [1, 0.86, 0.72]; // so that the labels of close ones lie apart
const EXAMPLES = [" water", " Paris", " seven", " red", " king", " run", " music", " green"];

export const directions: Screen = {
  title: "A token is a direction",
  mount(root, at) {
    const { app, model } = at;
    const { features, width, what } = model.about;
    const tokens = what === "tokens";
    const control = h("div", { class: "controls" });
    const figure = h("div", { "aria-live": "polite" });
    root.append(
      p(
        tokens ? `The vocabulary of ${model.about.name} has ` : `${model.about.name} has `,
        strong(`${whole(features)} ${what}`),
        ". For each of them there is one row of ",
        strong(`${whole(width)} numbers`),
        ". Such a row is a direction in a space of as many dimensions.",
      ),
      p(
        tokens
          ? "A model that says what comes next makes a direction of its own for it, and each token gets " +
              "a score: how far that direction goes along the token's row."
          : "A direction is read by its score: how far what the model holds goes along it.",
      ),
      p(
        "How alike two directions are is one number, their overlap c, the cosine of the angle " +
          "between them: 1 if they point the same way, 0 at a right angle, −1 if they are opposite.",
      ),
      control,
      figure,
      sources(
        ofModel(at),
        "Overlaps: computed in this page from the rows themselves, of which it compares every one.",
      ),
    );
    let turn = 0;
    async function update() {
      turn += 1;
      const mine = turn;
      const row = chosen(at);
      control.replaceChildren(
        select(
          `The ${one(at)}`,
          examples(model, row).map((at) => [keyOf(app, model, at), model.title(at)] as const),
          keyOf(app, model, row),
          (value) => app.set({ view: "story", tokens: value }),
        ),
      );
      if (features < 2) return;
      if (!figure.childElementCount) figure.append(p("The rows are still coming …"));
      try {
        const shown = await fan(at, row);
        if (mine === turn) figure.replaceChildren(...shown);
      } catch (error) {
        if (mine === turn)
          figure.replaceChildren(h("p", { role: "alert" }, (error as Error).message));
      }
    }
    return {
      update,
      leave: () => {
        turn += 1;
      },
    };
  },
};

/** Return the row that is spoken of: the last one chosen, or an example. */
function chosen({ app, model }: At): number {
  const token = chosenOf(app).at(-1);
  const asked = token ? model.counterpart(token.model, token.at) : null;
  return asked ?? examples(model, null)[0]!;
}

/** Return rows to choose among: known words, or some rows from all over. */
export function examples(model: Model, more: number | null): number[] {
  const { features, texts } = model.about;
  const words = texts ? EXAMPLES.map((word) => texts.indexOf(word)).filter((at) => at >= 0) : [];
  const spread = Array.from({ length: EXAMPLES.length }, (_, k) =>
    Math.floor(((k + 0.5) * features) / EXAMPLES.length),
  );
  const found = words.length > 2 ? words : spread;
  return [...new Set(more === null ? found : [...found, more])];
}

/** Return which centering overlaps are shown in: without what all rows share, if it is known. */
export function center(model: Model): { name: string; title: string } {
  const { centerings } = model.about;
  return centerings.find((one) => one.name === "mean") ?? centerings[0]!;
}

async function fan(at: At, row: number): Promise<HTMLElement[]> {
  const { model } = at;
  const { name, title } = center(model);
  await model.whole();
  const nearest = await model.search.nearest(row, NEAREST, name, model.equal(row));
  const title0 = model.title(row);
  if (!nearest.histogram.some(Boolean)) {
    return [p(`The row of ${title0} has no direction, so it overlaps with none.`)];
  }
  const near = new Set([row, ...nearest.rows, ...model.equal(row)]);
  const { features } = model.about;
  const others = Array.from({ length: OTHERS }, (_, k) =>
    Math.floor(((k + 0.37) * features) / OTHERS),
  ).filter((other, k, all) => !near.has(other) && all.indexOf(other) === k);
  const square = others.length ? await model.search.overlaps([row, ...others], name) : [[]];
  const overlaps = square[0]!.slice(1).filter((c) => !Number.isNaN(c)); // of rows with a direction
  const degrees = (c: number) => (Math.acos(Math.min(1, Math.max(-1, c))) * 180) / Math.PI;
  const description =
    `Arrows from one point. The one to the right is ${title0}. The nearest rows stand at ` +
    `${nearest.overlaps.map((c) => `${degrees(c).toFixed(0)}°`).join(", ")} to it; ` +
    `${overlaps.length} others at ${overlaps.map((c) => `${degrees(c).toFixed(0)}°`).join(", ")}.`;
  return [
    h(
      "figure",
      {},
      h(
        "div",
        { class: "drawing" },
        fanOf(
          [
            ...overlaps.map((c) => ({ angle: degrees(c), kind: "any" as const })),
            ...nearest.overlaps.map((c, k) => ({
              angle: degrees(c),
              kind: "near" as const,
              label: String(k + 1),
              length: LENGTHS[k % LENGTHS.length]!,
            })),
            { angle: 0, kind: "chosen" as const },
          ],
          description,
          true,
        ),
      ),
      h(
        "figcaption",
        {},
        "The arrow to the right is ",
        h("bdi", { class: "token" }, title0),
        `; numbered are the ${nearest.rows.length} rows nearest to it, the thin ones are ` +
          `${overlaps.length} others from all over. Each angle to the first arrow is ` +
          "true; angles among the others are not, because a page has two dimensions only.",
      ),
    ),
    table(
      `The rows nearest to ${title0}, ${title}`,
      ["arrow", "row", "overlap c", "angle"],
      nearest.rows.map((other, k) => [
        String(k + 1),
        h("bdi", { class: "token" }, model.title(other)),
        nearest.overlaps[k]!.toFixed(4),
        `${degrees(nearest.overlaps[k]!).toFixed(1)}°`,
      ]),
    ),
  ];
}
