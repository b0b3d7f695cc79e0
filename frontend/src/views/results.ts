/** Results of other rooms: what each prints, and its pictures in the colors of the page. */

import { h } from "../dom";
import type { App, Figure, Mounted, Result, View } from "../view";

const NARROW = "(max-width: 40rem)";
const DARK = "(prefers-color-scheme: dark)";

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
        picture(figure),
        h("figcaption", {}, h("strong", {}, figure.title), " ", figure.caption),
      ),
    ),
  );
}

/** SVG documents, of which the browser takes the one that goes with the page. */
function picture({ themes, narrow, label }: Figure): HTMLElement | null {
  if (!themes) return null;
  const source = (svg: string, ...media: string[]) =>
    h("source", { srcset: address(svg), media: media.join(" and ") });
  return h(
    "picture",
    {},
    narrow && source(narrow[1], NARROW, DARK),
    narrow && source(narrow[0], NARROW),
    source(themes[1], DARK),
    h("img", { src: address(themes[0]), alt: label }),
  );
}

function address(svg: string): string {
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
