/** Screen 4: what overlap does, and how it depends on the width. */

import { chart } from "../chart";
import { table } from "../dom";
import { PUBLISHED_SOURCE, widthChart } from "../figures";
import { centering } from "../geometry";
import { short, whole } from "../numbers";
import { chance } from "../theory";
import { ofModel, one, p, type Screen, sources, still, strong } from "./screen";

export const interference: Screen = {
  title: "Interference, and one over the width",
  mount(root, at) {
    const { model, overview } = at;
    const { width } = model.about;
    const raw = centering(overview, "none");
    const centered = centering(overview, "mean");
    const common = raw.mean_square > 2 * centered.mean_square;
    const verdict = overview.facts.find(([label]) => label === "against untrained rows");
    root.append(
      p(
        `Where directions overlap, reading one ${one(at)} also reads a little of all others. That is ` +
          "interference. How strong it is on average is the mean square overlap: the mean of c² " +
          "over all pairs.",
      ),
      p(
        "Random directions in m dimensions have a mean square overlap of 1/m: twice the width, " +
          "half the interference. Nothing has to be learned for that.",
      ),
      p(
        `In ${model.about.name}, m = ${whole(width)} and chance is ${short(chance(width))}. Its rows ` +
          "have ",
        strong(`${short(raw.mean_square)}, which is ${short(raw.mean_square * width)} × chance`),
        ". With the mean row subtracted they have ",
        strong(
          `${short(centered.mean_square)}, which is ${short(centered.mean_square * width)} × chance`,
        ),
        ".",
        common
          ? " Most of the first number is one direction that all rows share. It adds the same to " +
              "every logit, and softmax takes no notice of that; so the second number is the one " +
              "that can matter to a head with softmax."
          : "",
      ),
      chart(widthChart([model], at.app.models)).element,
      table(
        `Overlap of ${model.about.name} against chance`,
        ["rows", "mean square overlap", "against chance", "effective width"],
        overview.centerings.map((found) => [
          found.title,
          short(found.mean_square, 4),
          `${short(found.mean_square * width)}×`,
          `${short(found.effective_width)} of ${whole(width)}`,
        ]),
      ),
      p(
        "The effective width is how many dimensions would give so much overlap if all were used " +
          "alike.",
      ),
      verdict
        ? p("Against rows that nobody trained, superscope says: ", strong(verdict[1]), ".")
        : "",
      sources(ofModel(at), PUBLISHED_SOURCE, "1/m: computed in this page."),
    );
    return still;
  },
};
