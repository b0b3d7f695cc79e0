/** Screen 5: what more width buys, and where that ends. */

import { type Chart, chart, placed } from "../chart";
import { h, table } from "../dom";
import { lawOf, type PublishedLaw, publishedOf } from "../geometry";
import type { Model } from "../models";
import { short, whole } from "../numbers";
import { chance, geometric, welchFloor } from "../theory";
import type { Run, Snapshot } from "../toy/messages";
import { ofModel, p, type Screen, sources, strong } from "./screen";
import { toys } from "./toys";

const TOY: Omit<Run, "m"> = {
  seed: 1,
  n: 64,
  alpha: 0.5,
  decay: -0.5,
  batch: 256,
  steps: 2000,
  learningRate: 0.02,
};
const WIDTHS = [4, 8, 16, 32, 64];

export const doubling: Screen = {
  title: "What doubling the width buys, and where it ends",
  mount(root, at) {
    const { model } = at;
    const { features, width, what } = model.about;
    const law = lawOf(at.app.models);
    const left = features > width ? Math.log2(features / width) : 0;
    const { element, stop } = toys(
      WIDTHS.map((m) => ({ ...TOY, m })),
      ofToys,
    );
    root.append(
      p(
        "If interference is what makes a model wrong, the part of its loss that comes from it " +
          "falls as 1/m: each doubling of the width halves that part, as long as the width is " +
          "small beside the number of directions. So the first doubling buys most.",
      ),
      element,
      h("h3", {}, "Where it ends"),
      p(
        "With as many dimensions as directions, m = V, all of them fit at right angles, and " +
          "nothing is left to gain. ",
        features > width
          ? `${model.about.name} has ${whole(features)} ${what} in ${whole(width)} dimensions. Its ` +
              "width would have to double "
          : `${model.about.name} is there: V = ${whole(features)}, m = ${whole(width)}. `,
        features > width ? strong(`${short(left, 2)} times`) : null,
        features > width ? " before all have room." : null,
      ),
      chart(ceiling(model)).element,
      law
        ? ofLaw(law, at.app.models, model)
        : p("This page was made without the published losses."),
      sources(
        `Toys: trained in this page (n = ${TOY.n}, m = ${WIDTHS.join(", ")}, frequency ∝ rank to the ` +
          `power −${TOY.alpha}, γ = −${-TOY.decay}, ${whole(TOY.steps)} steps of ${TOY.batch} samples).`,
        "Chance and Welch's bound: computed in this page from V and m.",
        law
          ? `Law: superscope fit ${law.table} --law width, fitted when this page was made to the ` +
              `losses of ${law.models} models on ${law.datasets} texts (Liu, Liu, Gore, arXiv ` +
              "2505.10465)."
          : null,
        ofModel(at),
      ),
    );
    return { update: () => {}, leave: stop };
  },
};

function ofToys(trained: Snapshot[]): HTMLElement[] {
  const overlap = trained.map(({ measured }) => measured.meanSquareOverlap ?? 0);
  const times = (k: number, values: number[]) =>
    k ? `× ${short(values[k]! / values[k - 1]!, 2)}` : "–";
  const losses = trained.map((toy) => toy.loss);
  return [
    p(
      `Here are toys of ${TOY.n} features in strong superposition, trained in this page just now, ` +
        "each with twice the width of the one before.",
    ),
    chart({
      caption:
        `Loss and mean square overlap of toys of ${TOY.n} features against their width. Overlap ` +
        "follows chance, 1/m, as long as the width is small beside the number of features; near " +
        "it, Welch's bound goes to 0, and overlap and loss fall faster.",
      x: { label: "width m", values: WIDTHS, log: true },
      y: { label: "loss, overlap", log: true },
      series: [
        { label: "loss", values: losses, kind: "points", shape: "disc", size: 9, color: 1 },
        {
          label: "mean square overlap",
          values: overlap,
          kind: "points",
          shape: "ring",
          size: 9,
          color: 2,
        },
        { label: "chance, 1/m", values: WIDTHS.map(chance), kind: "dashes", color: 0 },
        {
          label: "least possible",
          values: WIDTHS.map((m) => welchFloor(TOY.n, m) || null),
          kind: "line",
          color: 0,
        },
      ],
    }).element,
    table(
      "What each doubling does in the toys",
      ["width", "loss", "after doubling", "overlap", "after doubling"],
      WIDTHS.map((m, k) => [
        String(m),
        short(losses[k]!),
        times(k, losses),
        short(overlap[k]!),
        times(k, overlap),
      ]),
    ),
  ];
}

/** Return the chart of the least overlap there can be, up to the width where all have room. */
function ceiling(model: Model): Chart {
  const { features, width } = model.about;
  const low = Math.max(1, Math.min(width, features) / 4);
  const high = 2 * Math.max(features, width);
  const xs = [...new Set([...geometric(low, high, 120), width, features * 0.999])].sort(
    (a, b) => a - b,
  );
  const least = chance(high) / 3;
  const known = xs.map((m) => {
    const floor = welchFloor(features, m);
    return floor >= least ? floor : null;
  });
  const doublings: string[][] = [];
  for (let m = width; doublings.length < 12; m *= 2) {
    doublings.push([whole(m), short(chance(m)), short(welchFloor(features, m))]);
    if (m >= features) break;
  }
  return {
    caption:
      `The least mean square overlap of ${whole(features)} directions, and chance, against the ` +
      `width. At m = V = ${whole(features)} the least is 0. The mark is at m = ${whole(width)}.`,
    x: { label: "width m", values: xs, log: true, range: [low, high] },
    y: { label: "mean square overlap", log: true, range: [least, 2 * chance(low)] },
    series: [
      { label: "chance, 1/m", values: xs.map(chance), kind: "dashes", color: 0 },
      { label: "least possible", values: known, kind: "line", color: 3 },
      {
        label: "chance at this model's width",
        values: xs.map((m) => (m === width ? chance(m) : null)),
        kind: "points",
        shape: "disc",
        size: 10,
        color: 1,
      },
    ],
    numbers: { head: ["width m", "chance, 1/m", "least possible"], rows: doublings },
  };
}

/** Say what the published losses show of a doubling. */
function ofLaw(law: PublishedLaw, models: readonly Model[], model: Model): HTMLElement {
  const { width } = model.about;
  const part = (m: number) => law.amplitude * m ** -law.alpha;
  const kept = (alpha: number | null) => (alpha === null ? "–" : short(2 ** -alpha, 2));
  const widths = law.points.map(([, , m]) => m);
  const [low, high] = [Math.min(...widths), Math.max(...widths)];
  const inside = width >= low && width <= high;
  const xs = [...geometric(low, high, 40), ...widths].sort((a, b) => a - b);
  const above = law.points.filter(([, , , over]) => over > 0);
  const { families } = publishedOf(models);
  return h(
    "section",
    { "aria-label": "Published losses" },
    h("h3", {}, "In published models"),
    p(
      `The losses of ${law.models} language models of four families follow ${formula(law)} `,
      `with α = ${short(law.alpha)} (${law.low === null ? "–" : short(law.low)} to ` +
        `${law.high === null ? "–" : short(law.high)}, 95 %). So a doubling leaves `,
      strong(`${kept(law.alpha)} of the part that width accounts for`),
      ` (${kept(law.high)} to ${kept(law.low)}); as 1/m it would be 0.5. The floor B of each family ` +
        "and text is not moved by width. These models differ in depth and data as well, which the " +
        `law does not see. Its verdict: ${law.verdict.toLowerCase()}.`,
    ),
    chart({
      caption:
        "The part of the loss that width accounts for, in nats per token: losses over the fitted " +
        `floors, and the law.${above.length < law.points.length ? ` ${law.points.length - above.length} of ${law.points.length} are below their floor and not drawn.` : ""}`,
      x: { label: "width m", values: xs, log: true },
      y: { label: "loss over the floor", log: true },
      series: [
        ...Object.entries(families).map(([family, label], k) => ({
          label,
          values: placed(
            xs,
            above.filter(([of]) => of === family).map(([, , m, over]) => [m, over] as const),
          ),
          kind: "points" as const,
          shape: (["square", "triangle", "diamond", "star"] as const)[k % 4]!,
          size: 6,
          color: 2 + (k % 4),
        })),
        { label: "law", values: xs.map(part), kind: "line", color: 0 },
      ],
      numbers: {
        head: ["model and text", "width", "loss over the floor", "law"],
        rows: law.points.map(([, label, m, over]) => [
          label,
          whole(m),
          short(over),
          short(part(m)),
        ]),
      },
    }).element,
    inside
      ? p(
          `At the width of ${model.about.name}, ${whole(width)}, this law has ${short(part(width))} nats ` +
            `of such loss, and ${short(part(2 * width))} at twice the width. That is what other ` +
            "models have; it is not measured of this one.",
        )
      : p(
          `The width of ${model.about.name}, ${whole(width)}, lies outside of these models' widths, ` +
            `${whole(low)} to ${whole(high)}, so the law says nothing of it.`,
        ),
  );
}

/** Return a formula as people write it. */
function formula(law: PublishedLaw): string {
  return law.formula.replace("_g", "").replace("[g]", "").replace("^(-alpha)", "^(−α)");
}
