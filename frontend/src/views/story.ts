/** The story: what superposition is, on seven screens, with a toy and the model at hand. */

import { h, select } from "../dom";
import { overviewOf } from "../geometry";
import { directions } from "../story/directions";
import { doubling } from "../story/doubling";
import { interference } from "../story/interference";
import { packing } from "../story/packing";
import { reading } from "../story/reading";
import { room } from "../story/room";
import type { Screen } from "../story/screen";
import { strength } from "../story/strength";
import type { App, Mounted, View } from "../view";

const SCREENS: readonly Screen[] = [
  directions,
  room,
  strength,
  interference,
  doubling,
  reading,
  packing,
];

export const story: View = {
  name: "story",
  title: "The story",
  has: (app) => app.models.some((model) => overviewOf(model)),
  mount,
};

function mount(root: HTMLElement, app: App): Mounted {
  const models = app.models.filter((model) => overviewOf(model));
  const steps = h("nav", { "aria-label": "Screens of the story", class: "screens" });
  const choice = h("div", { class: "controls" });
  const body = h("section", { class: "story" });
  const turns = h("div", { class: "turns" });
  root.append(steps, choice, body, turns);
  let shown: { key: string; mounted: Mounted } | null = null;

  /** Return which screen is asked for, counted from 0. */
  function asked(): number {
    const screen = Number(app.state().screen ?? 1);
    return Number.isInteger(screen) && screen >= 1 && screen <= SCREENS.length ? screen - 1 : 0;
  }

  function go(screen: number) {
    if (screen < 0 || screen >= SCREENS.length) return;
    app.set({ view: "story", screen: String(screen + 1) });
    body.querySelector("h2")?.focus();
    body.scrollIntoView({ block: "nearest" });
  }

  function update() {
    const at = asked();
    const number = Number(app.state()["story.model"] ?? 1) - 1;
    const model = models[number] ?? models[0]!;
    const key = `${at} ${models.indexOf(model)}`;
    if (shown?.key !== key) {
      shown?.mounted.leave?.();
      const screen = SCREENS[at]!;
      steps.replaceChildren(progress(at));
      choice.replaceChildren(...(models.length > 1 ? [choose(models.indexOf(model))] : []));
      body.replaceChildren(h("h2", { tabindex: -1 }, `${at + 1}. ${screen.title}`));
      turns.replaceChildren(
        turn("Back", at - 1),
        h("span", { class: "quiet" }, `Screen ${at + 1} of ${SCREENS.length}`),
        turn("Next", at + 1),
        h("span", { class: "quiet" }, "or the keys ← and →"),
      );
      const overview = overviewOf(model)!;
      shown = { key, mounted: screen.mount(body, { app, model, overview }) };
    }
    shown.mounted.update();
  }

  function choose(at: number): HTMLElement {
    return select(
      "The model",
      models.map((model, k) => [String(k + 1), model.about.name] as const),
      String(at + 1),
      (value) => app.set({ view: "story", "story.model": value }),
    );
  }

  function progress(at: number): HTMLElement {
    return h(
      "ol",
      {},
      ...SCREENS.map((screen, k) =>
        h(
          "li",
          {},
          h(
            "a",
            {
              href: app.link({ view: "story", screen: String(k + 1) }),
              "aria-current": k === at ? "step" : null,
              "aria-label": `${k + 1}. ${screen.title}`,
              title: screen.title,
              click: (event) => {
                event.preventDefault();
                go(k);
              },
            },
            String(k + 1),
          ),
        ),
      ),
    );
  }

  function turn(label: string, to: number): HTMLElement {
    return h(
      "button",
      { type: "button", disabled: to < 0 || to >= SCREENS.length, click: () => go(to) },
      label,
    );
  }

  /** Arrow keys turn screens, but where they mean something else already. */
  function pressed(event: KeyboardEvent) {
    const target = event.target as Element;
    const page = root.closest(".superscope")?.parentElement === document.body;
    if (!(root.contains(target) || (page && target === document.body))) return;
    if (target.closest("input, select, textarea, .table, pre")) return;
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.key === "ArrowRight") go(asked() + 1);
    else if (event.key === "ArrowLeft") go(asked() - 1);
    else return;
    event.preventDefault();
  }

  document.addEventListener("keydown", pressed);
  return {
    update,
    leave: () => {
      document.removeEventListener("keydown", pressed);
      shown?.mounted.leave?.();
    },
  };
}
