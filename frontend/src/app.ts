/** The frame: the views by name, the state that they share, and the models as they come. */

import { h } from "./dom";
import { container, load, type Model } from "./models";
import type { Source } from "./source";
import { changed, read, written } from "./state";
import type { App, Mounted, Result, State, View } from "./view";
import { find } from "./views/find";
import { map } from "./views/map";
import { overview } from "./views/overview";
import { results } from "./views/results";
import { story } from "./views/story";
import { toy } from "./views/toy";

const VIEWS: readonly View[] = [story, find, map, overview, toy, results];

/** Where the state is kept: the page's address, or a trait of a notebook's widget. */
export interface Address {
  read(): string;
  /** Write the state; a step is one that a reader may want to go back from. */
  write(fragment: string, step: boolean): void;
  changed(listener: () => void): void;
}

const STEPS = ["view", "tokens", "screen"];

/** An explorer that is shown. */
export interface Started {
  models: readonly Model[];
  /** End its workers, which hold the rows. */
  stop(): void;
}

/** Show the explorer in an element; null where it cannot be shown. */
export async function start(
  root: HTMLElement,
  source: Source,
  address: Address,
): Promise<Started | null> {
  const status = h("p", { class: "status", role: "status" }, "Loading …");
  root.replaceChildren(status);
  if (typeof Worker === "undefined") {
    status.textContent =
      "This browser has no workers, which search the vocabulary. Open the page in a current one.";
    return null;
  }
  const models: Model[] = [];
  const found: Result[] = [];
  try {
    for (let k = 0; k < source.manifest.models.length; k++) models.push(await load(source, k));
    for (const name of source.manifest.page) {
      found.push((await container(source, name)).meta as unknown as Result);
    }
  } catch (error) {
    status.textContent = `The page cannot be shown: ${(error as Error).message}`;
    return null;
  }

  let state: State = read(address.read());
  let shown: { view: View; mounted: Mounted } | null = null;
  const nav = h("nav", { "aria-label": "Views" });
  const main = h("main", {});

  const app: App = {
    models,
    results: found,
    state: () => state,
    set: (changes) => {
      const before = state;
      state = changed(state, changes);
      address.write(
        written(state),
        STEPS.some((key) => state[key] !== before[key]),
      );
      show();
    },
    link: (changes) => written(changed(state, changes)) || "#",
  };

  const views = VIEWS.filter((view) => view.has?.(app) ?? true);
  const links = views.map((view) => h("a", {}, view.title));
  nav.append(...links);

  function show() {
    // An address that names tokens and no view is one of Find.
    const asked = state.view ?? (state.tokens ? find.name : "");
    const view = views.find((one) => one.name === asked) ?? views[0]!;
    for (const [k, link] of links.entries()) {
      link.href = app.link({ view: views[k]!.name });
      if (views[k] === view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (shown?.view !== view) {
      shown?.mounted.leave?.();
      main.replaceChildren();
      shown = { view, mounted: view.mount(main, app) };
    }
    shown.mounted.update();
  }

  nav.addEventListener("click", (event) => {
    const link = (event.target as Element).closest("a");
    if (!link) return;
    event.preventDefault();
    app.set({ view: read(new URL(link.href).hash).view ?? null });
  });
  address.changed(() => {
    state = read(address.read());
    show();
  });
  root.replaceChildren(
    h("header", {}, h("h1", {}, models.map((model) => model.about.name).join(", ")), nav),
    main,
    h("footer", {}, `superscope ${source.manifest.version}. Nothing leaves this page.`),
  );
  show();
  return {
    models,
    stop: () => {
      shown?.mounted.leave?.();
      for (const model of models) model.search.stop();
    },
  };
}
