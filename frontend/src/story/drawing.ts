/** Arrows in the plane. */

import { svg } from "../dom";

export interface Arrow {
  /** Degrees, counter-clockwise from the right. */
  angle: number;
  /** A class of the style: chosen, near, any. */
  kind: "chosen" | "near" | "any";
  label?: string;
  /** From 0 to 1. */
  length?: number;
}

/** Return a picture of arrows from one point; `half` if none points down. */
export function fanOf(all: Arrow[], description: string, half: boolean): SVGElement {
  const radius = 100;
  const edge = radius + 16;
  const height = half ? edge + 14 : 2 * edge;
  const drawn = all.flatMap(({ angle, kind, label, length = 1 }) => {
    const turn = (-angle * Math.PI) / 180;
    const at = (r: number, side = 0): [number, number] => [
      r * Math.cos(turn) - side * Math.sin(turn),
      r * Math.sin(turn) + side * Math.cos(turn),
    ];
    const [x, y] = at(radius * length);
    const tip = [at(radius * length), at(radius * length - 8, 3.5), at(radius * length - 8, -3.5)];
    const parts: Node[] = [
      svg("line", { x1: 0, y1: 0, x2: x, y2: y, class: kind }),
      svg("polygon", { points: tip.map((point) => point.join(",")).join(" "), class: kind }),
    ];
    if (label) {
      const [left, top] = at(radius * length + 9);
      const text = svg("text", { x: left, y: top + 3.5, "text-anchor": "middle" });
      text.textContent = label;
      parts.push(text);
    }
    return parts;
  });
  return svg(
    "svg",
    {
      class: "fan",
      viewBox: `${-edge} ${-edge} ${2 * edge} ${height}`,
      role: "img",
      "aria-label": description,
    },
    ...drawn,
  );
}
