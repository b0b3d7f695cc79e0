/** Results of other rooms: what each prints, and its pictures in the colors of the page. */

import { h } from "../dom";
import type { App, Mounted, Result, View } from "../view";

export const results: View = {
  name: "results",
  title: "Results",
  has: (app) => app.results.length > 0,
  mount,
};

function mount(root: HTMLElement, app: App): Mounted {
  root.append(h("h2", {}, "Results"), ...app.results.map(section));
  return { update() {} };
}

function section(result: Result): HTMLElement {
  return h(
    "section",
    {},
    h("h3", {}, result.title),
    h("pre", { tabindex: 0 }, result.text),
    ...result.figures.map((figure) =>
      h(
        "figure",
        {},
        figure.themes && picture(figure.themes, figure.label),
        h("figcaption", {}, h("strong", {}, figure.title), " ", figure.caption),
      ),
    ),
  );
}

/** An SVG of each theme: the browser takes the one that goes with the page. */
function picture([light, dark]: [string, string], label: string): HTMLElement {
  return h(
    "picture",
    {},
    h("source", { srcset: address(dark), media: "(prefers-color-scheme: dark)" }),
    h("img", { src: address(light), alt: label }),
  );
}

function address(svg: string): string {
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
