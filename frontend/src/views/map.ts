/** The map: the vocabulary in a plane, which decides nothing. */

import { disclosure, h, select } from "../dom";
import { Atlas, kept, type Layout, sentences } from "../map/atlas";
import { rgb, type Scheme } from "../map/colors";
import { type Colored, colored, paletteOf } from "../map/legend";
import { type Coloring, coloringsOf } from "../map/measures";
import { FACTOR, movable } from "../map/moves";
import { draw } from "../map/picture";
import { bounded, nearestTo, project, type Window, zoomed } from "../map/plane";
import { extremes, type Found, nearby, rowFacts } from "../map/words";
import type { Model } from "../models";
import { percent } from "../numbers";
import { chip, chosenOf, including, leading, modelChoice, searchBox } from "../tokens";
import type { App, Mounted, View } from "../view";

const REACH = 14; // CSS pixels from a point that mean it
const SETTLED = 250; // milliseconds without a move, after which the address is written

export const map: View = { name: "map", title: "Map", mount };

function mount(root: HTMLElement, app: App): Mounted {
  root.append(h("h2", {}, "Map"));
  const atlases = app.models.map(Atlas.of).filter((atlas) => atlas !== null);
  if (!atlases.length) {
    root.append(
      h(
        "p",
        {},
        "This page has no map: it was written without one, or too few rows have a direction. " +
          "superscope explore draws one by default.",
      ),
    );
    return { update: () => {} };
  }
  return new Shown(root, app, atlases);
}

class Shown implements Mounted {
  private readonly canvas = h("canvas", {
    tabindex: 0,
    role: "application",
    "aria-roledescription": "map",
  });
  private readonly badge = h("p", { class: "badge" });
  private readonly tip = h("div", { class: "tip", hidden: true });
  private readonly spoken = h("p", { class: "status", role: "status" });
  private readonly controls = h("div", { class: "controls" });
  private readonly chosenHere = h("div", { class: "chosen" });
  private readonly legend = h("div", {});
  private readonly caption = h("figcaption", {});
  private readonly results = h("section", { "aria-label": "Nearest rows" });
  private readonly table = disclosure("The ends of the picture", () => [
    extremes(this.atlas, this.layout, this.coloring),
  ]);
  private readonly dark = matchMedia("(prefers-color-scheme: dark)");
  private readonly renew = () => this.restyle();
  private readonly sized = new ResizeObserver(() => this.redraw());

  private readonly box: ReturnType<typeof searchBox>;
  private atlas: Atlas;
  private layout!: Layout;
  private colorings: Coloring[] = [];
  private coloring!: Coloring;
  private look!: Colored;
  private seen: Window = { x: 0, y: 0, zoom: 1 };
  private chosen: number[] = [];
  private found: Found | null = null;
  private pointed: number | null = null;
  private byKey = false;
  private drawing = 0;
  private settling: ReturnType<typeof setTimeout> | undefined;
  private shown = "";
  private styled = "";
  private searched = "";

  constructor(
    root: HTMLElement,
    private readonly app: App,
    private readonly atlases: Atlas[],
  ) {
    this.atlas = atlases[0]!;
    this.box = searchBox(app, () => this.atlas.model);
    const button = (label: string, text: string, click: () => void) =>
      h("button", { type: "button", "aria-label": label, click }, text);
    const stage = h(
      "div",
      { class: "stage" },
      this.canvas,
      this.badge,
      this.tip,
      h(
        "div",
        { class: "zoom", role: "group", "aria-label": "Zoom" },
        button("Zoom in", "+", () => this.zoom(FACTOR)),
        button("Zoom out", "−", () => this.zoom(1 / FACTOR)),
        button("Show all", "all", () => this.fit()),
      ),
    );
    const help = h(
      "p",
      { class: "quiet", id: "map-keys" },
      "Drag or arrow keys move the map; wheel, + and − zoom; 0 shows all of it. Click a point, or " +
        "press Enter for the one nearest to the middle, to choose it.",
    );
    this.canvas.setAttribute("aria-describedby", help.id);
    root.append(
      this.box.element,
      this.controls,
      this.chosenHere,
      h("figure", { class: "map" }, stage, this.legend, this.caption),
      help,
      this.spoken,
      this.results,
      this.table.element,
    );
    movable(this.canvas, {
      projection: () => this.projection(),
      pan: (dx, dy) => this.pan(dx, dy),
      zoom: (factor, x, y) => this.zoom(factor, x, y),
      fit: () => this.fit(),
      point: (place) => this.point(place),
      choose: (x, y) => this.take(this.at(x, y)),
      byKey: (used) => {
        this.byKey = used;
        if (!used) this.point(null);
      },
      take: () => this.take(this.middle()),
    });
    this.dark.addEventListener("change", this.renew);
    this.sized.observe(this.canvas);
  }

  leave(): void {
    this.settled();
    cancelAnimationFrame(this.drawing);
    this.sized.disconnect();
    this.dark.removeEventListener("change", this.renew);
  }

  update(): void {
    const state = this.app.state();
    const leads = leading(this.app, this.placed);
    this.atlas = this.atlases.find((one) => one.model === leads)!;
    const { model, layouts } = this.atlas;
    const last = layouts.at(-1)!;
    this.layout = layouts.find((one) => one.name === state.layout) ?? last;
    const key = `${this.app.models.indexOf(model)} ${this.layout.name}`;
    if (!this.shown.startsWith(`${this.app.models.indexOf(model)} `)) {
      this.colorings = coloringsOf(model);
    }
    this.coloring = this.colorings.find((one) => one.key === state.color) ?? this.colorings[0]!;
    const fresh = key !== this.shown;
    this.shown = key;
    const { x, y } = this.atlas.box(this.layout);
    const middle = (state.middle ?? "").split(",").map(Number);
    const placed = middle.length === 2 && middle.every(Number.isFinite);
    if (fresh) this.settled();
    // While a move has not come to rest, the address is behind what is seen.
    if (this.settling === undefined) {
      this.seen = {
        x: placed ? middle[0]! : x,
        y: placed ? middle[1]! : y,
        zoom: bounded(Number(state.zoom) || 1),
      };
    }
    const before = this.chosen.at(-1);
    const tokens = chosenOf(this.app);
    this.chosen = tokens
      .map((one) => model.counterpart(one.model, one.at))
      .filter((at): at is number => at !== null);
    this.chosenHere.replaceChildren(...tokens.map((one) => chip(this.app, one)));
    if (fresh) this.describe();
    else if (this.chosen.length && this.chosen.at(-1) !== before) this.goTo(this.chosen.at(-1)!);
    const color = [...this.controls.querySelectorAll("select")].at(-1)!;
    color.value = this.coloring.key;
    this.restyle();
    this.search();
    this.redraw();
  }

  /** The models that have a map. */
  private get placed(): Model[] {
    return this.atlases.map((one) => one.model);
  }

  /** Write what does not change while the same layout is seen. */
  private describe() {
    this.box.update();
    const { app, atlas, layout } = this;
    const afresh = { zoom: null, middle: null };
    const held = this.controls.contains(document.activeElement) ? document.activeElement!.id : null;
    const before = [...this.controls.querySelectorAll("select")].findIndex((s) => s.id === held);
    this.controls.replaceChildren(
      ...(this.atlases.length > 1 ? [modelChoice(app, this.placed)] : []),
      select(
        "Layout",
        atlas.layouts.map((one) => [one.name, `${one.title}, keeps ${kept(one)}`] as const),
        layout.name,
        (name) => app.set({ layout: name, ...afresh }),
      ),
      select(
        "Color by",
        this.colorings.map((one) => [one.key, one.title] as const),
        this.coloring.key,
        (color) => app.set({ color, only: null }),
      ),
    );
    this.controls.querySelectorAll("select")[before]?.focus();
    this.badge.textContent = `${layout.title} keeps ${kept(layout)} of the ${atlas.near} nearest; chance ${percent(layout.chance)}`;
    this.caption.textContent = `${layout.title} of the centered rows of ${atlas.model.about.name}. ${sentences(atlas, layout)}`;
    this.canvas.setAttribute(
      "aria-label",
      `${layout.title} of ${atlas.placed} rows of ${atlas.model.about.name}`,
    );
    if (atlas.missing && atlas.layouts.length < 2) {
      this.caption.append(
        ` A layout that keeps more needs openTSNE, which was not installed: ${atlas.missing}.`,
      );
    }
  }

  /** Color the points, if what they are colored by has changed. */
  private restyle() {
    const scheme: Scheme = this.dark.matches ? "dark" : "light";
    const state = this.app.state();
    const only = /^\d+$/.test(state.only ?? "") ? Number(state.only) : null;
    const key = `${this.shown} ${this.coloring.key} ${scheme} ${only}`;
    if (key === this.styled) return;
    this.styled = key;
    const held = this.legend.contains(document.activeElement)
      ? [...this.legend.querySelectorAll("button")].indexOf(
          document.activeElement as HTMLButtonElement,
        )
      : -1;
    this.look = colored(this.coloring, paletteOf(this.canvas, scheme), only, (code) =>
      this.app.set({ only: code === null ? null : String(code) }),
    );
    const { title, meaning } = this.coloring;
    this.legend.replaceChildren(
      this.look.legend,
      meaning ? h("p", { class: "quiet" }, `${title}: ${meaning}.`) : "",
    );
    this.legend.querySelectorAll("button")[held]?.focus();
    this.table.renew();
    this.redraw();
  }

  /** Search what is nearest to the last chosen row; the picture has no say in it. */
  private async search() {
    const at = this.chosen.at(-1);
    const { tokens } = this.app.state();
    const key = `${this.shown} ${tokens}`; // which its links hold
    if (key === this.searched) return;
    this.searched = key;
    this.found = null;
    const { model } = this.atlas;
    if (at === undefined) {
      const none = `${model.about.name} has none of the chosen tokens.`;
      const chosen = chosenOf(this.app).length > 0;
      this.results.replaceChildren(chosen ? h("p", { role: "status" }, none) : "");
      return;
    }
    this.results.replaceChildren(h("p", { role: "status" }, "Searching …"));
    const [found, shown] = await nearby(this.app, this.atlas, this.layout, at);
    if (key !== this.searched || model !== this.atlas.model) return;
    this.found = found;
    this.results.replaceChildren(...shown);
    this.redraw();
  }

  private projection() {
    const { clientWidth, clientHeight } = this.canvas;
    return project(this.atlas.box(this.layout), this.seen, clientWidth, clientHeight);
  }

  private redraw() {
    cancelAnimationFrame(this.drawing);
    this.drawing = requestAnimationFrame(() => this.draw());
  }

  private draw() {
    const { canvas, atlas, layout } = this;
    if (!canvas.clientWidth || !this.look) return;
    if (this.byKey) {
      this.pointed = this.middle();
      this.tell();
    }
    const style = getComputedStyle(canvas);
    const css = (name: string) => style.getPropertyValue(name).trim();
    draw(
      canvas,
      canvas.clientWidth,
      canvas.clientHeight,
      {
        page: rgb(css("--page")),
        ground: css("--page"),
        text: css("--text"),
        accent: css("--accent"),
      },
      {
        points: atlas.points(layout),
        look: this.look.look,
        box: atlas.box(layout),
        seen: this.seen,
        chosen: this.chosen,
        marked: this.look.marked,
        near: this.found?.rows ?? [],
        pointed: this.pointed,
        middle: this.byKey,
        named: this.look.marked.length ? this.look.marked : atlas.named,
        name: (at) => atlas.model.title(at),
      },
    );
  }

  private move(seen: Window) {
    this.seen = seen;
    this.redraw();
    this.settled();
    this.settling = setTimeout(() => {
      this.settled();
      const digits = (value: number) => String(Number(value.toPrecision(6)));
      const { x, y, zoom } = this.seen;
      this.app.set({
        zoom: zoom === 1 ? null : digits(zoom),
        middle: `${digits(x)},${digits(y)}`,
      });
    }, SETTLED);
  }

  private settled() {
    clearTimeout(this.settling);
    this.settling = undefined;
  }

  private pan(dx: number, dy: number) {
    const { scale } = this.projection();
    this.move({ ...this.seen, x: this.seen.x - dx / scale, y: this.seen.y + dy / scale });
    if (!this.byKey) this.tip.hidden = true;
  }

  private zoom(factor: number, px?: number, py?: number) {
    const { scale, left, top } = this.projection();
    const x = px === undefined ? this.seen.x : (px - left) / scale;
    const y = py === undefined ? this.seen.y : (top - py) / scale;
    this.move(zoomed(this.seen, factor, x, y));
    if (!this.byKey) this.tip.hidden = true;
  }

  private fit() {
    const { x, y } = this.atlas.box(this.layout);
    this.move({ x, y, zoom: 1 });
  }

  /** See a row in the middle, if it is not in the picture. */
  private goTo(at: number) {
    const points = this.atlas.points(this.layout);
    const [x, y] = [points[2 * at]!, points[2 * at + 1]!];
    const { scale, left, top } = this.projection();
    const [px, py] = [scale * x + left, top - scale * y];
    const { clientWidth, clientHeight } = this.canvas;
    const inside = px >= 0 && py >= 0 && px < clientWidth && py < clientHeight;
    if (!inside && Number.isFinite(x)) this.move({ ...this.seen, x, y });
  }

  private at(px: number, py: number): number | null {
    const { scale, left, top } = this.projection();
    const points = this.atlas.points(this.layout);
    return nearestTo(points, (px - left) / scale, (top - py) / scale, REACH / scale);
  }

  /** Return the row nearest to the middle. */
  private middle(): number | null {
    return nearestTo(this.atlas.points(this.layout), this.seen.x, this.seen.y);
  }

  private point(place: { x: number; y: number } | null) {
    if (this.byKey) return;
    const pointed = place && this.at(place.x, place.y);
    this.canvas.classList.toggle("on", pointed !== null);
    if (pointed === this.pointed) return;
    this.pointed = pointed;
    this.tell();
    this.redraw();
  }

  /** Say what is pointed at, beside it; for who uses keys, also aloud. */
  private tell() {
    const { atlas, layout, pointed } = this;
    if (pointed === null) {
      this.tip.hidden = true;
      return;
    }
    const { scale, left, top } = this.projection();
    const points = atlas.points(layout);
    const [x, y] = [scale * points[2 * pointed]! + left, top - scale * points[2 * pointed + 1]!];
    this.tip.replaceChildren(rowFacts(atlas.model, this.colorings, pointed));
    this.tip.hidden = false;
    const room = this.canvas.clientWidth - this.tip.offsetWidth - 4;
    this.tip.style.left = `${Math.max(4, Math.min(x + 14, room))}px`;
    const under = y + 14 + this.tip.offsetHeight < this.canvas.clientHeight;
    this.tip.style.top = `${under ? y + 14 : Math.max(4, y - 14 - this.tip.offsetHeight)}px`;
    const words = `${atlas.model.title(pointed)}, #${atlas.model.id(pointed)}`;
    if (this.byKey && this.spoken.textContent !== words) this.spoken.textContent = words;
  }

  private take(at: number | null) {
    if (at === null) return;
    this.app.set({ tokens: including(this.app, this.atlas.model, at) });
  }
}
