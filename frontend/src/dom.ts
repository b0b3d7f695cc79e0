/** Elements, made in one line. Text is always text: nothing here parses HTML. */

type Child = Node | string | null;
type Attributes = Record<string, string | number | boolean | null | ((event: Event) => void)>;

/** Return an element; a function is a listener, `true` an empty attribute, null and false none. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Return an element of SVG. */
export function svg(
  tag: string,
  attributes: Record<string, string | number>,
  ...children: Node[]
): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

let last = 0;

/** Return an id that no other element of the page has. */
export function unique(prefix: string): string {
  last += 1;
  return `${prefix}-${last}`;
}

/** Return a labelled choice of one of several values. */
export function select(
  label: string,
  choices: readonly (readonly [value: string, shown: string])[],
  value: string,
  changed: (value: string) => void,
): HTMLElement {
  const id = unique("choice");
  const field = h(
    "select",
    { id, change: () => changed(field.value) },
    ...choices.map(([key, shown]) => h("option", { value: key, selected: key === value }, shown)),
  );
  return h("span", { class: "field" }, h("label", { for: id }, label), field);
}

/** Return a labelled slider that shows its value; `shown` says it in words. */
export function slider(
  label: string,
  range: { min: number; max: number; step: number; value: number },
  shown: (value: number) => string,
  changed: (value: number) => void,
): HTMLElement {
  const id = unique("slider");
  const output = h("output", { for: id }, shown(range.value));
  const field = h("input", {
    id,
    type: "range",
    ...range,
    "aria-valuetext": shown(range.value),
    input: () => {
      output.textContent = shown(field.valueAsNumber);
      field.setAttribute("aria-valuetext", shown(field.valueAsNumber));
      changed(field.valueAsNumber);
    },
  });
  return h("span", { class: "field" }, h("label", { for: id }, label), field, output);
}

/** Return facts, each with its label. */
export function facts(rows: readonly (readonly [string, string | Node])[]): HTMLElement {
  return h(
    "dl",
    { class: "facts" },
    ...rows.flatMap(([label, said]) => [h("dt", {}, label), h("dd", {}, said)]),
  );
}

/** Return words that open; what they hold is made when they are open, and anew by `renew`. */
export function disclosure(
  summary: string,
  make: () => Node[],
): { element: HTMLDetailsElement; renew(): void } {
  const inside = h("div", {});
  const element = h("details", { toggle: renew }, h("summary", {}, summary), inside);
  function renew() {
    inside.replaceChildren(...(element.open ? make() : []));
  }
  return { element, renew };
}

/** Return a table; its first column are headers of rows. */
export function table(caption: string, head: string[], rows: (string | Node)[][]): HTMLElement {
  return h(
    "div",
    { class: "table", tabindex: 0, role: "group", "aria-label": caption },
    h(
      "table",
      {},
      h("caption", {}, caption),
      h("thead", {}, h("tr", {}, ...head.map((name) => h("th", { scope: "col" }, name)))),
      h(
        "tbody",
        {},
        ...rows.map(([first, ...cells]) =>
          h("tr", {}, h("th", { scope: "row" }, first!), ...cells.map((cell) => h("td", {}, cell))),
        ),
      ),
    ),
  );
}

/**
 * Call a function when an element comes onto the page, changes its width or leaves, and while it is
 * there when the page's colors change. What has left is kept by no listener.
 */
export function whileOnPage(element: Element, renew: () => void): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let width = 0;
  new ResizeObserver(() => {
    if (element.clientWidth === width) return;
    width = element.clientWidth; // 0 once it has left
    dark.removeEventListener("change", renew);
    if (element.isConnected) dark.addEventListener("change", renew);
    renew();
  }).observe(element);
}
