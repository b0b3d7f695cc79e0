/** Screen 2: how many directions there is room for. */

import { h, slider } from "../dom";
import { percent, short, whole } from "../numbers";
import { chance, welchFloor } from "../theory";
import { fanOf } from "./drawing";
import { ofModel, p, type Screen, sources, strong } from "./screen";

const MOST = 12;
const FIRST = 5;

export const room: Screen = {
  title: "More directions than room",
  mount(root, at) {
    const { app, model } = at;
    const { features, width, what } = model.about;
    const full = features > width;
    const drawing = h("div", { class: "drawing small" });
    const said = h("p", { "aria-live": "polite" });
    const asked = Number(app.state().arrows);
    const count = asked >= 1 && asked <= MOST ? Math.round(asked) : FIRST;
    root.append(
      p(
        "Two directions that stand at a right angle do not disturb each other: what is written " +
          "along the one is not seen along the other. In a plane there is room for two of them. A " +
          "third has to overlap with those.",
      ),
      h(
        "div",
        { class: "controls" },
        slider(
          "Directions in the plane",
          { min: 1, max: MOST, step: 1, value: count },
          String,
          (n) => app.set({ view: "story", arrows: String(n) }),
        ),
      ),
      h(
        "figure",
        {},
        drawing,
        h("figcaption", {}, "As far from each other as they can be, by their mean square overlap."),
      ),
      said,
      h("h3", {}, `In ${model.about.name}`),
      bars(features, width, what),
      full
        ? p(
            `${whole(width)} dimensions have room for ${whole(width)} directions at right angles. `,
            `The model has ${whole(features)} ${what}: `,
            strong(`${short(features / width)} for each dimension`),
            ". So they have to overlap. To hold more directions than dimensions is called " +
              "superposition.",
          )
        : p(
            `${whole(width)} dimensions have room for ${whole(width)} directions at right angles, ` +
              `and the model has only ${whole(features)} ${what}: `,
            strong("V ≤ m, so there is room for all"),
            ". It needs no superposition. The screens that follow say what happens where there is " +
              "less room.",
          ),
      ...(full
        ? [
            p(
              "By how much? No arrangement of so many directions has a mean square overlap below " +
                "(V − m) / (m (V − 1)) = ",
              strong(short(welchFloor(features, width), 4)),
              ", which is Welch's bound. Directions drawn at random have 1/m = ",
              strong(short(chance(width), 4)),
              `. So the best arrangement there is has ` +
                `${percent(welchFloor(features, width) / chance(width))} of what chance has.`,
            ),
          ]
        : []),
      sources(
        "Arrows: computed in this page; the angle between neighbours is 360° / n, or a right " +
          "angle for two.",
        full ? "Welch's bound: L. R. Welch, 1974; computed in this page from V and m." : null,
        ofModel(at),
      ),
    );
    return {
      update() {
        const asked = Number(app.state().arrows);
        const n = asked >= 1 && asked <= MOST ? Math.round(asked) : count;
        const angles = plane(n);
        const square = meanSquare(angles);
        const words =
          n < 2
            ? "One direction overlaps with nothing."
            : `${n} directions in the plane: mean square overlap ${short(square)}; Welch's bound ` +
              `for ${n} in 2 dimensions is ${short(welchFloor(n, 2))}.`;
        drawing.replaceChildren(
          fanOf(
            angles.map((angle) => ({ angle, kind: "near" as const })),
            `${n} arrows from one point, evenly spread.`,
            false,
          ),
        );
        said.textContent = words;
      },
    };
  },
};

/** Return angles of n directions in the plane with the least mean square overlap, in degrees. */
export function plane(n: number): number[] {
  if (n === 2) return [0, 90];
  return Array.from({ length: n }, (_, k) => (360 * k) / n);
}

/** Return the mean square cosine of all pairs. */
export function meanSquare(angles: number[]): number {
  let sum = 0;
  let pairs = 0;
  angles.forEach((a, i) => {
    for (const b of angles.slice(0, i)) {
      sum += Math.cos(((a - b) * Math.PI) / 180) ** 2;
      pairs += 1;
    }
  });
  return pairs ? sum / pairs : 0;
}

/** Return two bars, to scale: what there is, and what there is room for. */
function bars(features: number, width: number, what: string): HTMLElement {
  const most = Math.max(features, width);
  const bar = (label: string, value: number) => {
    const filled = h("div", { class: "filled" });
    filled.style.width = `${(100 * value) / most}%`;
    return h(
      "div",
      { class: "bar" },
      h("span", {}, `${label}: ${whole(value)}`),
      h("div", { class: "track" }, filled),
    );
  };
  return h(
    "div",
    { class: "bars" },
    bar(what, features),
    bar("dimensions, and so room at right angles", width),
  );
}
