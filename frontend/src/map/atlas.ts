/** The layouts of a model, as Python wrote them, and what is asked of them. */

import type { Model } from "../models";
import { percent, whole } from "../numbers";
import { type Box, boxOf, type Points } from "./plane";

export interface Layout {
  name: string;
  title: string;
  /** How it was made. */
  words: string;
  /** Of the rows nearest to a row, the share among the nearest in the plane. */
  share: number;
  /** Its standard error; 0 if every row was looked at. */
  error: number;
  /** How many rows were looked at. */
  rows: number;
  /** What a random layout keeps. */
  chance: number;
}

const LIKE_A_WORD = /^[ ▁Ġ]?\p{L}{3,}$/u;

/** The layouts of one model. */
export class Atlas {
  /** How many nearest rows of each were looked for. */
  readonly near: number;
  readonly placed: number;
  readonly layouts: Layout[];
  /** How to install what makes the other layout; null if it was there. */
  readonly missing: string | null;
  /** 1 where an earlier row is equal, so that it is no neighbor. */
  readonly repeated: Uint8Array;
  private order: Uint32Array | null = null;
  private readonly boxes = new Map<string, Box>();

  private constructor(readonly model: Model) {
    const { meta } = model.parts.map!;
    this.near = meta.near as number;
    this.placed = meta.placed as number;
    this.layouts = meta.layouts as Layout[];
    this.missing = meta.missing as string | null;
    const groups = model.arrays.group as Int32Array;
    this.repeated = new Uint8Array(groups.length);
    const known = new Set<number>();
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i]!;
      if (group < 0) continue;
      if (known.has(group)) this.repeated[i] = 1;
      known.add(group);
    }
  }

  /** Return the layouts of a model; null if the page has none. */
  static of(model: Model): Atlas | null {
    return model.parts.map ? new Atlas(model) : null;
  }

  points(layout: Layout): Points {
    return this.model.parts.map!.arrays[layout.name] as Float32Array;
  }

  box(layout: Layout): Box {
    const known = this.boxes.get(layout.name);
    if (known) return known;
    const box = boxOf(this.points(layout));
    this.boxes.set(layout.name, box);
    return box;
  }

  /** Rows by how much they are worth a name: by frequency, or words first, by id. */
  get named(): Uint32Array {
    if (this.order) return this.order;
    const { arrays, about } = this.model;
    const rows = Uint32Array.from({ length: about.features }, (_, i) => i);
    const frequency = arrays.frequency as Float32Array | undefined;
    if (frequency) this.order = rows.sort((a, b) => frequency[b]! - frequency[a]!);
    else {
      const word = (i: number) => LIKE_A_WORD.test(about.texts?.[i] ?? "");
      this.order = Uint32Array.from([
        ...rows.filter(word),
        ...rows.filter((i) => !word(i) && this.model.kind(i) !== "byte"),
      ]);
    }
    return this.order;
  }
}

/** Return what a layout keeps, in a few words. */
export function kept(layout: Layout): string {
  const share = percent(layout.share);
  return layout.error ? `${share} ± ${percent(layout.error)}` : share;
}

/** Return what a layout is and keeps, in sentences. */
export function sentences(atlas: Atlas, layout: Layout): string {
  const over = layout.error
    ? `, measured on ${whole(layout.rows)} rows drawn at random`
    : `, on average over all ${whole(layout.rows)} rows`;
  return (
    `${layout.words} Of the ${atlas.near} rows nearest to a row, ${kept(layout)} are among the ` +
    `${atlas.near} nearest to it in this picture${over}; a random picture keeps ` +
    `${percent(layout.chance)}. So rows that are near here may be far apart, and the other way ` +
    `round: neighbors are searched in all ${whole(atlas.model.about.width)} dimensions.`
  );
}
