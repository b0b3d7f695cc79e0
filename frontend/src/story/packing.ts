/** Screen 7: packing better, and what narrower heads of this model cost. */

import { type Chart, chart, type Shape } from "../chart";
import { h, table } from "../dom";
import { centering, type Estimate, type NarrowHead, type Repack, repackOf } from "../geometry";
import { percent, short, whole } from "../numbers";
import { ofModel, p, type Screen, sources, still, strong } from "./screen";

const SHAPES: Shape[] = ["disc", "ring", "square", "triangle", "diamond", "star"];
const PLAIN = "svd";

export const packing: Screen = {
  title: "Packing better",
  mount(root, at) {
    const { model, overview } = at;
    const { width } = model.about;
    const found = repackOf(model);
    const centered = centering(overview, "mean");
    root.append(
      p(
        "Width costs money. Could the same rows be packed better into less of it? How evenly a " +
          "head uses its width is its packing efficiency: the effective width over the width.",
      ),
      p(
        `${model.about.name}, centered, has an effective width of `,
        strong(`${short(centered.effective_width)} of ${whole(width)}`),
        `: a packing efficiency of ${short(centered.packing)}. Less overlap alone is not less loss: ` +
          "rows of words of one kind overlap because they are used alike. What counts is what a " +
          "narrower head costs on a text.",
      ),
      ...(found ? repacked(found) : without()),
      sources(
        ofModel(at),
        found
          ? `Narrower heads: superscope repack ${found.model}; made from ${found.calibration}, scored ` +
              `on ${found.scored}${found.other ? ` and on ${found.other}` : ""}. Errors are one ` +
              "standard error, clustered by document."
          : null,
      ),
    );
    return still;
  },
};

function without(): HTMLElement[] {
  return [
    h("h3", {}, "Not measured here"),
    p(
      "This page does not hold narrower heads of this model. They are made by running its body " +
        "once over a text, which needs the whole model:",
    ),
    h(
      "pre",
      { tabindex: 0 },
      "superscope repack MODEL --text TEXT --json > curve.json\n" +
        "superscope explore MODEL --repack curve.json --out PAGE",
    ),
  ];
}

function nats([value, error]: Estimate, digits = 3): string {
  return `${short(value, digits)}${error === null ? "" : ` ± ${short(error, 2)}`}`;
}

function repacked(found: Repack): HTMLElement[] {
  const { half } = found;
  const narrowest = found.best[0]!;
  const plain = found.heads.find((head) => head.way === PLAIN && head.rank === half.rank);
  const other = found.other_heads.find((head) => head.way === half.way && head.rank === half.rank);
  return [
    h("h3", {}, "Narrower heads of this model"),
    p(
      `Here its body is held and its head is given a rank below ${whole(found.width)}, in several ` +
        `ways. A head of rank ${whole(half.rank)} has ${percent(half.weights / found.weights)} of the ` +
        "weights and costs ",
      strong(`${nats(half.excess)} nats per token`),
      ` if made in the best way tried (${half.way}), over ${nats(found.loss, 4)} of the full head.`,
      plain && plain.way !== half.way
        ? ` Plain SVD at the same rank costs ${nats(plain.excess)}.`
        : "",
      plain && narrowest.excess[0] < plain.excess[0] && narrowest.rank < plain.rank
        ? ` At rank ${whole(narrowest.rank)} the best way (${narrowest.way}) costs ` +
            `${nats(narrowest.excess)}: how a head is packed can matter more than how wide it is.`
        : "",
    ),
    other
      ? p(
          `On another text (${found.other}) the same head costs ${nats(other.excess)}: what may be left ` +
            "out depends on what is read.",
        )
      : "",
    chart(curve(found)).element,
    table(
      "The best head of each rank",
      ["rank", "way", "cost, nats per token", "same top token", "weights"],
      found.best.map((head) => [
        whole(head.rank),
        head.way,
        nats(head.excess),
        percent(head.agree),
        percent(head.weights / found.weights),
      ]),
    ),
  ].filter((part) => part !== "") as HTMLElement[];
}

/** Return the chart of what a head of each rank costs, for each way to make it. */
function curve(found: Repack): Chart {
  const ranks = [...new Set(found.heads.map((head) => head.rank))].sort((a, b) => a - b);
  const of = (way: string, rank: number): NarrowHead | undefined =>
    found.heads.find((head) => head.way === way && head.rank === rank);
  const above = found.heads.filter((head) => head.excess[0] > 0);
  const first = above.filter((head) => head.rank === ranks[0]).map((head) => head.excess[0]);
  const best = Math.min(...first);
  const hidden = found.heads.length - above.length;
  return {
    caption:
      "Loss over that of the full head against the rank, for each way to make the head narrower. " +
      "The dashed line is 1/r through the best head of the least rank." +
      (hidden ? ` Not above 0, and so not drawn: ${hidden} of ${found.heads.length} heads.` : ""),
    x: { label: `rank r, of ${whole(found.width)}`, values: ranks, log: true },
    y: { label: "cost, nats per token", log: true },
    height: 340,
    series: [
      ...found.ways.map((way, k) => ({
        label: way,
        values: ranks.map((rank) => {
          const cost = of(way, rank)?.excess[0];
          return cost !== undefined && cost > 0 ? cost : null;
        }),
        kind: "points" as const,
        shape: SHAPES[k % SHAPES.length]!,
        size: 8,
        color: 1 + (k % 5),
      })),
      ...(Number.isFinite(best)
        ? [
            {
              label: "1/r",
              values: ranks.map((rank) => (best * ranks[0]!) / rank),
              kind: "dashes" as const,
              color: 0,
            },
          ]
        : []),
    ],
    numbers: {
      head: ["way", "rank", "cost, nats per token", "same top token"],
      rows: found.heads.map((head) => [
        head.way,
        whole(head.rank),
        nats(head.excess),
        percent(head.agree),
      ]),
    },
  };
}
