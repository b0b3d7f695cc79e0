/** What a screen of the story gets and gives. */

import { h } from "../dom";
import type { Overview } from "../geometry";
import type { Model } from "../models";
import type { App, Mounted } from "../view";

/** What a screen speaks of. */
export interface At {
  app: App;
  model: Model;
  overview: Overview;
}

export interface Screen {
  title: string;
  mount(root: HTMLElement, at: At): Mounted;
}

/** A screen that has nothing to renew. */
export const still: Mounted = { update: () => {} };

/** Return a paragraph. */
export function p(...words: (string | Node | null)[]): HTMLElement {
  return h("p", {}, ...words);
}

/** Return a number that matters, as it stands out in a sentence. */
export function strong(words: string): HTMLElement {
  return h("strong", {}, words);
}

/** Return where the numbers of a screen come from. */
export function sources(...said: (string | null)[]): HTMLElement {
  const known = said.filter((one): one is string => one !== null);
  return h(
    "div",
    { class: "quiet" },
    h("h3", {}, "Where the numbers come from"),
    h("ul", {}, ...known.map((one) => h("li", {}, one))),
  );
}

/** Return how a model is named in a source. */
export function ofModel({ model }: At): string {
  return `${model.about.name}: measured by superscope when this page was made.`;
}

/** Return one direction in words: a token, or a direction. */
export function one({ model }: At): string {
  return model.about.what === "tokens" ? "token" : "direction";
}
