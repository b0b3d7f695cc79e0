/** Screen 6: why a direction is hard to read while many others are active. */

import { chart } from "../chart";
import { h, table } from "../dom";
import { centering } from "../geometry";
import { link } from "../links";
import { short, whole } from "../numbers";
import { chance, geometric } from "../theory";
import { keyOf } from "../tokens";
import { type At, ofModel, one, p, type Screen, sources, still, strong } from "./screen";

const WORST = 8;

export const reading: Screen = {
  title: "Why it is hard to read",
  mount(root, at) {
    const { model, overview } = at;
    const { width } = model.about;
    const raw = centering(overview, "none");
    const centered = centering(overview, "mean");
    const limit = (square: number) => (square > 0 ? 1 / square : Number.POSITIVE_INFINITY);
    const lines = [
      { label: "raw rows", square: raw.mean_square, color: 1 },
      { label: "centered rows", square: centered.mean_square, color: 2 },
      { label: "random directions", square: chance(width), color: 0 },
    ].filter(({ square }) => square > 1e-9);
    const most = Math.max(100, 3 * limit(Math.min(...lines.map(({ square }) => square))));
    const ks = geometric(1, most, 60);
    root.append(
      p(
        `Whoever wants to know whether a ${one(at)} is active reads along its row. If it is ` +
          "active with strength 1, the reading is 1, plus what all others that are active add: k " +
          "of them, with signs as by chance, add noise of the size √(k · mean c²).",
      ),
      p(
        "With few of them active the signal stands out. At k = 1 / mean c² the noise is as large " +
          "as the signal. For random directions that is m, the width.",
      ),
      p(
        `In ${model.about.name} that is `,
        strong(`k = ${count(limit(centered.mean_square))}`),
        ` for centered rows, k = ${count(limit(raw.mean_square))} for raw ones, and ` +
          `${whole(width)} for random directions.`,
      ),
      chart({
        caption:
          "Noise in a reading against how many others are active, each as strong as the signal. " +
          "The signal is 1.",
        x: { label: "others that are active, k", values: ks, log: true },
        y: { label: "noise, rms", log: true },
        series: [
          ...lines.map(({ label, square, color }) => ({
            label,
            values: ks.map((k) => Math.sqrt(k * square)),
            kind: color ? ("line" as const) : ("dashes" as const),
            color,
          })),
          { label: "signal", values: ks.map(() => 1), kind: "line", color: 3 },
        ],
        numbers: {
          head: ["others active", ...lines.map(({ label }) => label)],
          rows: [1, 3, 10, 30, 100, 300, 1000]
            .filter((k) => k <= most)
            .map((k) => [whole(k), ...lines.map(({ square }) => short(Math.sqrt(k * square)))]),
        },
      }).element,
      p(
        "That is the average. Directions differ: these share most with all others, and so are the " +
          "hardest to read.",
      ),
      worst(at),
      p(
        "So a single number of what a model holds, read along one direction, is never only that " +
          "direction. Superscope therefore sets every such reading beside random directions.",
      ),
      sources(
        ofModel(at),
        "Noise: computed in this page as √(k · mean c²), which takes the signs and the choice of " +
          "what else is active as chance. In a real text they are not: what is alike is active " +
          "together.",
      ),
    );
    return still;
  },
};

function count(k: number): string {
  return Number.isFinite(k) ? short(k) : "no number: nothing overlaps";
}

/** Return the rows with the most interference, each with a link to its nearest rows. */
function worst({ app, model }: At): HTMLElement {
  const { width, classes } = model.about;
  const squares = model.arrays.interference_centered as Float32Array;
  const raw = model.arrays.interference as Float32Array;
  const plain = classes.indexOf("word");
  const kinds = model.arrays.class as Uint8Array;
  const rows = Array.from(squares.keys()).filter(
    (row) => Number.isFinite(squares[row]!) && (plain < 0 || kinds[row] === plain),
  );
  rows.sort((a, b) => squares[b]! - squares[a]!);
  const linked = (row: number) =>
    link(
      app,
      {
        view: "find",
        model: String(app.models.indexOf(model)),
        tokens: keyOf(app, model, row),
      },
      h("bdi", { class: "token" }, model.title(row)),
    );
  return table(
    `The ${plain < 0 ? "rows" : "words"} with the most interference, centered`,
    ["row", "mean c², centered", "against chance", "raw, against chance"],
    rows
      .slice(0, WORST)
      .map((row) => [
        linked(row),
        short(squares[row]!),
        `${short(squares[row]! * width)}×`,
        `${short(raw[row]! * width)}×`,
      ]),
  );
}
