/** Screen 3: weak and strong superposition, in two toys and in the model. */

import { chart } from "../chart";
import { h, table } from "../dom";
import { normsChart } from "../figures";
import { percent, short, whole } from "../numbers";
import { type Measured, THRESHOLD } from "../toy/measure";
import type { Run, Snapshot } from "../toy/messages";
import { type At, ofModel, p, type Screen, sources, strong } from "./screen";
import { toys } from "./toys";

const TOY: Run = {
  seed: 1,
  n: 60,
  m: 10,
  alpha: 1,
  decay: 0,
  batch: 512,
  steps: 1500,
  learningRate: 0.01,
};
const DECAYS = [
  { name: "norms pulled to 0", decay: 1 },
  { name: "norms pulled to 1", decay: -1 },
];

export const strength: Screen = {
  title: "Weak and strong",
  mount(root, at) {
    const { element, stop } = toys(
      DECAYS.map(({ decay }) => ({ ...TOY, decay })),
      shown,
    );
    root.append(
      p(
        "A model with too little room can do two things. It can keep the most frequent features, " +
          "give each nearly a dimension of its own, and drop the rest: weak superposition. Or it " +
          "can keep all of them and let them overlap: strong superposition.",
      ),
      p(
        `Here are two toys, trained in this page just now. Each has ${TOY.n} features, the first of ` +
          `them most frequent, and ${TOY.m} dimensions to hold them. They differ in one thing: in ` +
          "the first, weight decay pulls the rows toward 0; in the second, they are pulled to " +
          "the norm 1.",
      ),
      element,
      h("h3", {}, `In ${at.model.about.name}`),
      ...ofThis(at),
      sources(
        `Toys: trained in this page (n = ${TOY.n}, m = ${TOY.m}, frequency ∝ 1/rank, γ = ` +
          `${DECAYS.map(({ decay }) => short(decay).replace("-", "−")).join(" and ")}, ` +
          `${whole(TOY.steps)} steps of ${TOY.batch} samples): the model of superscope toy.`,
        `A feature counts as represented above the norm ${THRESHOLD}; regimes after Liu, Liu, Gore, ` +
          "arXiv 2505.10465: strong from 90 % of the features on, weak up to two features for " +
          "each dimension.",
        ofModel(at),
      ),
    );
    return { update: () => {}, leave: stop };
  },
};

function shown(trained: Snapshot[]): HTMLElement[] {
  const measured = trained.map((toy) => toy.measured);
  const cells = (of: (m: Measured, k: number) => string) => measured.map(of);
  return [
    chart({
      caption:
        "Norm of each feature's row in the two toys. Where norms are 0, the toy has dropped the " +
        "feature.",
      x: {
        label: "rank of the feature by frequency",
        values: ranksOf(TOY.n),
      },
      y: { label: "norm of its row" },
      series: measured.map((one, k) => ({
        label: DECAYS[k]!.name,
        values: one.norms,
        kind: "points" as const,
        shape: k ? ("ring" as const) : ("disc" as const),
        size: 7,
        color: k + 1,
      })),
    }).element,
    table(
      "The two toys",
      ["", ...DECAYS.map(({ name }) => name)].map((name) => name || "toy"),
      [
        ["regime", ...cells((one) => one.regime)],
        ["features represented", ...cells((one) => percent(one.represented))],
        [
          "mean square overlap of these",
          ...cells(({ meanSquareAmongRepresented: found }) =>
            found === null ? "–" : short(found),
          ),
        ],
        ["loss", ...trained.map((toy) => short(toy.loss))],
      ],
    ),
  ];
}

function ranksOf(n: number): number[] {
  return Array.from({ length: n }, (_, k) => k + 1);
}

function ofThis({ model, overview }: At): HTMLElement[] {
  const { features, width, what } = model.about;
  if (features <= width) {
    return [
      p(`With ${whole(features)} ${what} in ${whole(width)} dimensions it is neither: V ≤ m.`),
      chart(normsChart(model)).element,
    ];
  }
  if (overview.represented === null) {
    return [p("The scale of its numbers is not known, so that norms do not tell.")];
  }
  const untrained = overview.represented_untrained;
  return [
    p(
      "By its norms it is ",
      strong(overview.regime),
      `: ${short(100 * overview.represented, 4)} % of its rows have a norm above ` +
        `${short(overview.threshold, 4)} (${overview.threshold_rule}).`,
      untrained !== null && Math.abs(untrained - overview.represented) < 0.1
        ? ` Norms alone prove little: of rows that nobody trained, ${short(100 * untrained, 4)} % ` +
            "would be above it too. What tells more is how much the rows overlap."
        : "",
    ),
    chart(normsChart(model)).element,
  ];
}
