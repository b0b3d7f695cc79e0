/** Pictures of a toy model: its rows as arrows, and the overlap of each pair. */

import { disclosure, h, svg, table, whileOnPage } from "../dom";
import { rgb } from "../map/colors";
import { fixed } from "../numbers";
import { overlaps, THRESHOLD } from "./measure";
import { planeOf } from "./plane";

const LABELLED = 8; // of the most frequent features
const PAIRS = 10;
const TOWARD = "--series-2";
const AWAY = "--series-1";

/** A picture, and what renews it. */
export interface Picture {
  element: HTMLElement;
  show(W: Float64Array, norms: Float64Array): void;
}

/** Return the rows as arrows from one point; beyond two dimensions, a projection of them. */
export function featureArrows(): Picture {
  const drawing = svg("svg", { class: "arrows", role: "img" });
  const caption = h("figcaption", {});
  let axes: Float64Array | null = null;

  function show(W: Float64Array, norms: Float64Array) {
    const n = norms.length;
    const m = W.length / n;
    const plane = planeOf(W, n, axes);
    axes = plane.axes;
    const edge = 1.15 * Math.max(1.1, ...norms);
    const parts: Node[] = [svg("circle", { r: 1 })];
    for (let i = n - 1; i >= 0; i--) {
      const x = plane.places[2 * i]!;
      const y = -plane.places[2 * i + 1]!;
      const kind = norms[i]! > THRESHOLD ? "kept" : "out";
      parts.push(svg("line", { x2: x, y2: y, class: kind }), tip(x, y, edge, kind));
      if (i < LABELLED && kind === "kept") parts.push(label(x, y, edge, String(i + 1)));
    }
    const count = norms.filter((norm) => norm > THRESHOLD).length;
    const said =
      (m === 2
        ? `The ${n} features as arrows in their 2 dimensions. `
        : `The ${n} features, ${m} dimensions projected on the plane of their two leading ` +
          `principal directions, which holds ${fixed(100 * plane.share, 0)} % of their squared ` +
          "length; angles in it are not their overlaps. ") +
      `${count} are longer than ½ (filled heads), the others are thin; the most frequent ` +
      "ones have their rank. The circle has radius 1.";
    drawing.setAttribute("viewBox", `${-edge} ${-edge} ${2 * edge} ${2 * edge}`);
    drawing.setAttribute("aria-label", said);
    drawing.replaceChildren(...parts);
    caption.textContent = said;
  }
  return { element: h("figure", {}, drawing, caption), show };
}

function tip(x: number, y: number, edge: number, kind: string): Node {
  const length = Math.hypot(x, y);
  const size = kind === "kept" ? 0.035 * edge : 0;
  if (length <= size || !size) return svg("g", {});
  const [along, across] = [x / length, y / length];
  const back = [x - 2 * size * along, y - 2 * size * across] as const;
  const points = [
    [x, y],
    [back[0] - 0.7 * size * across, back[1] + 0.7 * size * along],
    [back[0] + 0.7 * size * across, back[1] - 0.7 * size * along],
  ];
  return svg("polygon", { points: points.map((point) => point.join(",")).join(" "), class: kind });
}

function label(x: number, y: number, edge: number, text: string): Node {
  const length = Math.hypot(x, y) || 1;
  const beyond = 1 + (0.06 * edge) / length;
  const size = 0.085 * edge;
  return svg(
    "text",
    {
      x: x * beyond,
      y: y * beyond + 0.35 * size,
      "font-size": size,
      "stroke-width": size / 6,
      "text-anchor": "middle",
    },
    document.createTextNode(text),
  );
}

/** Return the cosine of each pair of features as a square of colors. */
export function overlapMatrix(): Picture {
  const canvas = h("canvas", { class: "overlaps", role: "img" });
  const caption = h("figcaption", {});
  let pairs: [number, number, number][] = [];
  const numbers = disclosure("The numbers", () => [
    table(
      `The ${pairs.length} pairs that overlap most`,
      ["pair of ranks", "overlap"],
      pairs.map(([i, j, overlap]) => [`${i} and ${j}`, fixed(overlap, 3)]),
    ),
  ]);
  let shown: [Float64Array, Float64Array] | null = null;

  function show(W: Float64Array, norms: Float64Array) {
    shown = [W, norms];
    const found = overlaps(W, norms);
    paint(canvas, found, norms);
    pairs = strongest(found, norms);
    const said =
      "Overlap (cosine) of each pair of features that are longer than ½, the most frequent one " +
      "first: orange on the same side, blue on opposite sides, the deeper the more. " +
      "Rows and columns of the others are gray.";
    const [most] = pairs;
    canvas.setAttribute(
      "aria-label",
      most ? `${said} The strongest is ${fixed(most[2], 3)}, of ${most[0]} and ${most[1]}.` : said,
    );
    caption.textContent = said;
    numbers.renew();
  }
  whileOnPage(canvas, () => {
    if (shown && canvas.isConnected) show(...shown);
  });
  return { element: h("figure", {}, canvas, caption, numbers.element), show };
}

function strongest(found: Float64Array, norms: Float64Array): [number, number, number][] {
  const n = norms.length;
  const pairs: [number, number, number][] = [];
  for (let i = 0; i < n; i++) {
    if (!(norms[i]! > THRESHOLD)) continue;
    for (let j = 0; j < i; j++) {
      if (norms[j]! > THRESHOLD) pairs.push([j + 1, i + 1, found[i * n + j]!]);
    }
  }
  return pairs.sort((a, b) => Math.abs(b[2]) - Math.abs(a[2])).slice(0, PAIRS);
}

function paint(canvas: HTMLCanvasElement, found: Float64Array, norms: Float64Array) {
  const n = norms.length;
  canvas.width = n;
  canvas.height = n;
  const drawn = canvas.getContext("2d")!;
  const style = getComputedStyle(canvas);
  const [page, blank, toward, away] = ["--page", "--line", TOWARD, AWAY].map((name) =>
    rgb(style.getPropertyValue(name).trim()),
  );
  const image = drawn.createImageData(n, n);
  for (let at = 0; at < n * n; at++) {
    const i = Math.floor(at / n);
    const kept = norms[i]! > THRESHOLD && norms[at % n]! > THRESHOLD;
    const overlap = i === at % n ? 0 : found[at]!;
    const end = (overlap > 0 ? toward : away)!;
    for (let k = 0; k < 3; k++) {
      const mixed = page![k]! + Math.min(1, Math.abs(overlap)) * (end[k]! - page![k]!);
      image.data[4 * at + k] = kept ? mixed : blank![k]!;
    }
    image.data[4 * at + 3] = 255;
  }
  drawn.putImageData(image, 0, 0);
}
