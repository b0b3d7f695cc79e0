/** A model of the page: what is known of its tokens, and its search. */

import { type Container, decode, parse } from "./container";
import { short } from "./numbers";
import { Search } from "./search/client";
import type { Source } from "./source";

const MISSING = 255; // of the codes of values that are no numbers

export interface Centering {
  name: string;
  /** As people call it: raw, centered, frequency-centered. */
  title: string;
  /** Overlaps of random pairs of its rows. */
  mean: number;
  std: number;
}

/** A further column of its tokens. */
export interface Column {
  name: string;
  /** Of a column that is no number. */
  values: string[] | null;
  /** In words; empty where nobody said. */
  meaning: string;
  /** Of its numbers; empty where they have none. */
  unit: string;
  /** Whether its numbers are ids of tokens. */
  ids: boolean;
}

export interface About {
  name: string;
  features: number;
  width: number;
  /** What the rows are: tokens, or other directions. */
  what: string;
  centerings: Centering[];
  /** Whether the tokens have texts. */
  texts: (string | null)[] | null;
  /** How a text is shown where that is more than the text in quotes, by position. */
  shown: Record<string, string>;
  /** A digest of the whole text where `texts` has its beginning alone, by position. */
  cut: Record<string, string>;
  classes: string[];
  columns: Column[];
  notes: string[];
}

export class Model {
  readonly search = new Search();
  private lowered: string[] | null = null;
  private readonly words = new Map<string, number>(); // each text and its first position
  private readonly bare = new Map<string, number>(); // without spaces and capitals
  private readonly digests = new Map<string, number>(); // of texts that are cut
  private readonly places: Map<number, number> | null;
  private readonly ready: Promise<void>;

  constructor(
    readonly about: About,
    readonly arrays: Container["arrays"],
    readonly parts: Record<string, Container>,
    rows: () => Promise<void>,
  ) {
    const ids = this.ids;
    this.places = ids ? new Map(Array.from(ids, (id, at) => [id, at])) : null;
    this.ready = rows.call(this);
    this.ready.catch(() => {}); // said where the rows are asked for
  }

  /** Resolves when all rows have come, so that a search is over all of them. */
  whole(): Promise<void> {
    return this.ready;
  }

  private get ids(): Int32Array | undefined {
    return this.arrays.ids as Int32Array | undefined;
  }

  /** Return the id of a row. */
  id(at: number): number {
    return this.ids ? this.ids[at]! : at;
  }

  /** Return the position of an id, or null. */
  position(id: number): number | null {
    if (!this.places) return id >= 0 && id < this.about.features ? id : null;
    return this.places.get(id) ?? null;
  }

  /** Return how a row is called: its text with all spaces seen, or its id. */
  title(at: number): string {
    const text = this.about.texts?.[at];
    if (text === null || text === undefined) return `#${this.id(at)}`;
    return this.about.shown[at] ?? `"${text}"`;
  }

  /** Return the class of a row. */
  kind(at: number): string {
    return this.about.classes[(this.arrays.class as Uint8Array)[at]!]!;
  }

  /** Return what a further column has of a row, in words; null for nothing. */
  column(k: number, at: number): string | null {
    const value = this.arrays[`column_${k}`]![at]!;
    const { values, unit, ids } = this.about.columns[k]!;
    if (values) return value === MISSING ? null : values[value]!;
    if (ids) {
      const other = this.position(value);
      return other === null ? null : `${this.title(other)} #${value}`;
    }
    return Number.isNaN(value) ? null : `${short(value)} ${unit}`.trim();
  }

  /** Return the positions of rows that equal this one. */
  equal(at: number): number[] {
    const group = (this.arrays.group as Int32Array)[at]!;
    if (group < 0) return [];
    const found: number[] = [];
    (this.arrays.group as Int32Array).forEach((other, i) => {
      if (other === group && i !== at) found.push(i);
    });
    return found;
  }

  /**
   * Return positions of rows for what somebody typed: `#12`, a text as it is or as it is shown, an
   * id, or a part of a text. Equal texts come first, then an id, then texts that differ in a leading
   * space or in capitals, then those that begin with it, then those that hold it.
   */
  find(typed: string, most: number): number[] {
    const number = /^#?(\d+)$/.exec(typed.trim());
    const id = number ? this.position(Number(number[1])) : null;
    const byId = id === null ? [] : [id];
    const { texts, shown } = this.about;
    if (!texts || typed.startsWith("#")) {
      return [...new Set([...byId, ...(texts ? this.among(typed, most).flat() : [])])].slice(
        0,
        most,
      );
    }
    const quoted = /^"(.+)"$/s.exec(typed)?.[1] ?? typed;
    const asShown = Object.keys(shown).filter((at) => shown[at] === `"${quoted}"`);
    const [equal, ...others] = this.among(quoted, most);
    const found = [...equal!, ...asShown.map(Number), ...byId, ...others.flat()];
    return [...new Set(found)].slice(0, most);
  }

  /** Return positions of texts that equal what was typed, nearly do, begin with it, and hold it. */
  private among(typed: string, most: number): number[][] {
    const texts = this.about.texts!;
    this.lowered ??= texts.map((text) => (text ?? "").toLowerCase());
    const bare = typed.trim().toLowerCase();
    const ranks: number[][] = [[], [], [], []];
    if (!typed.length) return ranks;
    const add = (rank: number, at: number) => ranks[rank]!.length <= most && ranks[rank]!.push(at);
    for (let i = 0; i < texts.length; i++) {
      const text = this.lowered[i]!;
      if (bare && !text.includes(bare)) continue;
      const trimmed = text.trim();
      const whole = this.about.cut[i] === undefined;
      if (whole && texts[i] === typed) add(0, i);
      else if (!bare) continue;
      else if (whole && trimmed === bare) add(1, i);
      else if (trimmed.startsWith(bare)) add(2, i);
      else add(3, i);
    }
    return ranks;
  }

  /**
   * Return the position of another model's token in this one: of an equal text, or of one that
   * differs in a leading space or in capitals; by its id where either has no texts. Null if none.
   */
  counterpart(other: Model, at: number): number | null {
    if (other === this) return at;
    if (!this.about.texts || !other.about.texts) return this.position(other.id(at));
    const text = other.about.texts[at];
    if (text === null || text === undefined) return null;
    this.index();
    const digest = other.about.cut[at];
    if (digest !== undefined) return this.digests.get(digest) ?? null;
    return this.words.get(text) ?? this.bare.get(text.trim().toLowerCase()) ?? null;
  }

  /** Know the first position of each text. */
  private index() {
    if (this.words.size || this.digests.size) return;
    const first = (known: Map<string, number>, key: string, at: number) => {
      if (!known.has(key)) known.set(key, at);
    };
    for (const [i, text] of this.about.texts!.entries()) {
      if (text === null) continue;
      const digest = this.about.cut[i];
      if (digest !== undefined) {
        first(this.digests, digest, i);
        continue;
      }
      first(this.words, text, i);
      const bare = text.trim().toLowerCase();
      if (bare) first(this.bare, bare, i);
    }
  }
}

/** Load a part that the page itself reads. */
export async function container(source: Source, name: string): Promise<Container> {
  const part = await source.part(name);
  return parse(typeof part === "string" ? decode(part) : part);
}

/** Load a model: all but its rows at once, its rows while the page is used. */
export async function load(source: Source, at: number): Promise<Model> {
  const listed = source.manifest.models[at]!;
  const own = (suffix: string) => listed.filter((name) => suffix === kindOf(name));
  const parts: Record<string, Container> = {};
  for (const name of listed) {
    if (!["search", "small", "exact"].includes(kindOf(name)))
      parts[kindOf(name)] = await container(source, name);
  }
  const about = parts.about!;
  return new Model(
    about.meta as unknown as About,
    about.arrays,
    parts,
    async function (this: Model) {
      for (const name of [...own("search"), ...own("small"), ...own("exact")]) {
        await this.search.add(await source.part(name));
      }
    },
  );
}

/** Return the kind of a part from its name: `0-small-3` is one of small. */
function kindOf(name: string): string {
  return name.split("-")[1]!;
}
