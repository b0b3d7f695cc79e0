/** Tokens that are chosen: in the address, in a box to type in, and in another model. */

import { h, select, unique } from "./dom";
import { link } from "./links";
import type { Model } from "./models";
import type { App } from "./view";

const SUGGESTED = 12;
const MOST = 50; // tokens at once: each pair of them is a cell of a table

/** A token that is chosen: a row of the model that it was chosen in. */
export interface Chosen {
  /** As the address has it: `12` is an id of the first model, `1-12` of the one after it. */
  key: string;
  model: Model;
  at: number;
}

/** Return the model that is asked for, if it is among these, or else the first of them. */
export function leading(app: App, among = app.models): Model {
  const asked = app.models[Number(app.state().model)];
  return asked && among.includes(asked) ? asked : among[0]!;
}

/** Return the choice of the model that leads; what was seen of another's map is left. */
export function modelChoice(app: App, among = app.models): HTMLElement {
  return select(
    "Model",
    among.map((model) => [String(app.models.indexOf(model)), model.about.name] as const),
    String(app.models.indexOf(leading(app, among))),
    (model) => app.set({ model, zoom: null, middle: null, color: null, only: null }),
  );
}

/** Return the centering of a model that is asked for, if there is such a one. */
export function centerOf(app: App, model: Model): string {
  const { centerings } = model.about;
  const asked = app.state().center;
  const known = centerings.some((one) => one.name === asked);
  return known ? asked! : (centerings.find((one) => one.name === "mean") ?? centerings[0]!).name;
}

/** Return what a row stands for. */
export function noun(model: Model): string {
  return model.about.what === "tokens" ? "token" : "direction";
}

/** Return the tokens in the address, at most the last fifty of them. */
export function chosenOf(app: App): Chosen[] {
  const found = new Map<string, Chosen>();
  for (const key of keysOf(app)) {
    const one = chosenBy(app, key);
    if (one && !found.has(one.key)) found.set(one.key, one);
  }
  return [...found.values()].slice(-MOST);
}

/** Return how many tokens of the address no model has. */
export function unknown(app: App): number {
  return keysOf(app).filter((key) => chosenBy(app, key) === null).length;
}

function keysOf(app: App): string[] {
  return (app.state().tokens ?? "").split(",").filter(Boolean);
}

function chosenBy(app: App, key: string): Chosen | null {
  const [, number, id] = /^(?:(\d+)-)?(\d+)$/.exec(key) ?? [];
  const model = id === undefined ? undefined : app.models[Number(number ?? 0)];
  const at = model?.position(Number(id)) ?? null;
  return model && at !== null ? { key: keyOf(app, model, at), model, at } : null;
}

/**
 * Return a model's row as the address has it: where it can be, by the id of the same text in the
 * first model, so that a token is one, whichever model it was chosen in.
 */
export function keyOf(app: App, model: Model, at: number): string {
  const first = app.models[0]!;
  const same = first.counterpart(model, at);
  if (same !== null && model.counterpart(first, same) === at) return String(first.id(same));
  return `${app.models.indexOf(model)}-${model.id(at)}`;
}

/** Return the tokens of the address with one more, which leads. */
export function including(app: App, model: Model, at: number): string {
  const key = keyOf(app, model, at);
  return [...without(app, key), key].join(",");
}

/** Return the name of a row, with a link that chooses it. */
export function tokenLink(app: App, model: Model, at: number): HTMLElement {
  return link(
    app,
    { tokens: including(app, model, at) },
    h("bdi", { class: "token" }, model.title(at)),
  );
}

function without(app: App, key: string): string[] {
  return chosenOf(app)
    .map((one) => one.key)
    .filter((other) => other !== key);
}

/** Return a chosen token, which leads when it is chosen again, with a button that takes it out. */
export function chip(app: App, { key, model, at }: Chosen): HTMLElement {
  const name = model.title(at);
  return h(
    "span",
    { class: "chip" },
    tokenLink(app, model, at),
    h(
      "button",
      {
        type: "button",
        "aria-label": `Take out ${name}`,
        click: () => app.set({ tokens: without(app, key).join(",") || null }),
      },
      "×",
    ),
  );
}

/** The box to type in, as the ARIA pattern of a combobox with a list has it. */
export function searchBox(
  app: App,
  /** The model whose tokens are searched, as it is now. */
  of: () => Model,
): { element: HTMLElement; update(): void } {
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
  const label = h("label", { for: id });
  const note = h("span", { class: "quiet", role: "status" });

  function suggest() {
    const model = of();
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
    box.value = "";
    close();
    app.set({ tokens: including(app, of(), position) });
  }

  function update() {
    const model = of();
    const which = app.models.length > 1 ? ` of ${model.about.name}` : "";
    label.textContent = `A ${noun(model)}${which}, a part of one, or an id such as #1234`;
  }

  return { element: h("div", { class: "search" }, label, box, list, note), update };
}
