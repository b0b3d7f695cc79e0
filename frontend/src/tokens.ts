/** Tokens that are chosen: in the address, in a box to type in, and in another model. */

import { h, unique } from "./dom";
import { link } from "./links";
import type { Model } from "./models";
import type { App } from "./view";

const SUGGESTED = 12;
const MOST = 50; // tokens at once: each pair of them is a cell of a table

/** Return the centering that is asked for, if there is such a one. */
export function centerOf(app: App): string {
  const { centerings } = app.models[0]!.about;
  const asked = app.state().center;
  const known = centerings.some((one) => one.name === asked);
  return known ? asked! : (centerings.find((one) => one.name === "mean") ?? centerings[0]!).name;
}

/** Return what a row stands for. */
export function noun(model: Model): string {
  return model.about.what === "tokens" ? "token" : "direction";
}

/** Return the ids in the address, at most the last fifty of them. */
export function idsOf(app: App): number[] {
  const listed = (app.state().tokens ?? "").split(",").filter((id) => /^\d+$/.test(id));
  const known = [...new Set(listed.map(Number))].filter(
    (id) => app.models[0]!.position(id) !== null,
  );
  return known.slice(-MOST);
}

/** Return how many ids of the address the first model lacks. */
export function unknownIds(app: App): number {
  const listed = (app.state().tokens ?? "").split(",").filter(Boolean);
  return listed.filter((id) => !/^\d+$/.test(id) || app.models[0]!.position(Number(id)) === null)
    .length;
}

/** Return a chosen token, which leads when it is chosen again, with a button that takes it out. */
export function chip(app: App, ids: number[], id: number): HTMLElement {
  const model = app.models[0]!;
  const name = model.title(model.position(id)!);
  return h(
    "span",
    { class: "chip" },
    link(
      app,
      { tokens: [...ids.filter((other) => other !== id), id].join(",") },
      h("bdi", { class: "token" }, name),
    ),
    h(
      "button",
      {
        type: "button",
        "aria-label": `Take out ${name}`,
        click: () => app.set({ tokens: ids.filter((other) => other !== id).join(",") || null }),
      },
      "×",
    ),
  );
}

/** The box to type in, as the ARIA pattern of a combobox with a list has it. */
export function searchBox(app: App): HTMLElement {
  const model = app.models[0]!;
  const list = h("ul", {
    id: unique("list"),
    role: "listbox",
    "aria-label": "Tokens",
    hidden: true,
  });
  const id = unique("search");
  let found: number[] = [];
  let at = -1;
  const box = h("input", {
    id,
    type: "text",
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": list.id,
    input: suggest,
    focus: suggest,
    blur: () => close(),
    keydown: (event) => pressed(event as KeyboardEvent),
  });
  const note = h("span", { class: "quiet", role: "status" });

  function suggest() {
    found = model.find(box.value, SUGGESTED);
    at = -1;
    list.replaceChildren(
      ...found.map((position, k) =>
        h(
          "li",
          {
            id: `${list.id}-${k}`,
            role: "option",
            "aria-selected": "false",
            mousedown: (event) => {
              event.preventDefault();
              take(position);
            },
          },
          h("bdi", { class: "token" }, model.title(position)),
          h("span", { class: "quiet" }, ` #${model.id(position)}`),
        ),
      ),
    );
    list.hidden = !found.length;
    box.setAttribute("aria-expanded", String(found.length > 0));
    box.removeAttribute("aria-activedescendant");
    note.textContent =
      box.value && !found.length ? `No entry of ${model.about.name} holds this.` : "";
  }

  function close() {
    list.hidden = true;
    box.setAttribute("aria-expanded", "false");
  }

  function mark(next: number) {
    list.children[at]?.setAttribute("aria-selected", "false");
    at = (next + found.length) % found.length;
    list.children[at]!.setAttribute("aria-selected", "true");
    list.children[at]!.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", `${list.id}-${at}`);
  }

  function pressed(event: KeyboardEvent) {
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && found.length) take(found[Math.max(at, 0)]!);
    else if (event.key === "ArrowDown" && found.length) mark(at + 1);
    else if (event.key === "ArrowUp" && found.length) mark(at < 0 ? -1 : at - 1);
    else return;
    event.preventDefault();
  }

  function take(position: number) {
    const ids = idsOf(app).filter((other) => other !== model.id(position));
    box.value = "";
    close();
    app.set({ tokens: [...ids, model.id(position)].join(",") });
  }

  return h(
    "div",
    { class: "search" },
    h("label", { for: id }, `A ${noun(model)}, a part of one, or an id such as #1234`),
    box,
    list,
    note,
  );
}

/** Return the position of the first model's token in another: of the same word, or by its id. */
export function positionIn(app: App, model: Model, id: number): number | null {
  const first = app.models[0]!;
  if (model === first || !first.about.texts || !model.about.texts) return model.position(id);
  const text = first.about.texts[first.position(id)!];
  return text === null || text === undefined ? null : model.same(text);
}

/** Return the first model's id of another's row: of the same word, or by its id; null if none. */
export function idIn(app: App, model: Model, at: number): number | null {
  const first = app.models[0]!;
  if (model === first) return model.id(at);
  const text = model.about.texts?.[at];
  if (!first.about.texts || text === undefined || text === null) {
    return first.position(model.id(at)) === null ? null : model.id(at);
  }
  const found = first.same(text);
  return found === null ? null : first.id(found);
}
