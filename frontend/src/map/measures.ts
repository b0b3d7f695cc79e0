/** What a map can be colored by. */

import type { Column, Model } from "../models";
import { percent, short } from "../numbers";

const MOST = 12; // values of a column that is no number, to be told apart by color

interface Named {
  key: string;
  title: string;
  /** In words; empty where nobody said. */
  meaning: string;
}

/** A number of each row. */
export interface Measure extends Named {
  kind: "number";
  values: Float32Array;
  log: boolean;
  /** A value in words. */
  shown(value: number): string;
  /** What rows are that have none. */
  missing: string;
}

/** A class of each row, by its code. */
export interface Classes extends Named {
  kind: "class";
  codes: ArrayLike<number>;
  names: string[];
  /** What is said of a row, where that is more than the name of its class; null for nothing. */
  each?(at: number): string | null;
}

export type Coloring = Measure | Classes;

/** Return what the rows of a model can be colored by. */
export function coloringsOf(model: Model): Coloring[] {
  const { about, arrays } = model;
  const found: Coloring[] = [];
  const frequency = arrays.frequency as Float32Array | undefined;
  if (frequency) {
    const total = frequency.reduce((a, b) => a + b, 0);
    found.push({
      kind: "number",
      key: "frequency",
      title: "frequency",
      meaning: "share of the text",
      values: frequency.map((count) => count / total),
      log: true,
      shown: percent,
      missing: "not in the text",
    });
  }
  const number = (
    key: string,
    title: string,
    meaning: string,
    factor: number,
    unit: string,
    log: boolean,
  ) =>
    found.push({
      kind: "number",
      key,
      title,
      meaning,
      values: (arrays[key] as Float32Array).map((value) => value * factor),
      log,
      shown: (value) => `${short(value)}${unit}`,
      missing: "without",
    });
  number("norm", "norm", "length of the row", 1, "", false);
  for (const [key, title] of [
    ["interference", "interference, raw"],
    ["interference_centered", "interference, centered"],
  ] as const) {
    const meaning = "mean c² with every other row, over the 1/m of random directions";
    number(key, title, meaning, about.width, " × chance", true);
  }
  if (about.classes.length > 1) {
    found.push({
      kind: "class",
      key: "class",
      title: "class",
      meaning: "what the row stands for",
      codes: arrays.class as Uint8Array,
      names: about.classes.map((name) => name || "unclassed"),
    });
  }
  about.columns.forEach((column, k) => {
    const values = arrays[`column_${k}`]!;
    const named = { key: `column ${column.name}`, title: titled(column), meaning: column.meaning };
    if (column.ids) {
      // Ids are names: rows with near ones have nothing in common.
      found.push({
        kind: "class",
        ...named,
        codes: Uint8Array.from(values, (id) => (id < 0 ? 1 : 0)),
        names: ["with one", "without"],
        each: (at) => model.column(k, at),
      });
    } else if (!column.values) {
      found.push({
        kind: "number",
        ...named,
        values: Float32Array.from(values),
        log: false,
        shown: (value) => short(value),
        missing: "without",
      });
    } else if (column.values.length <= MOST) {
      const known = column.values.length;
      found.push({
        kind: "class",
        ...named,
        codes: Uint8Array.from(values, (code) => Math.min(code, known)),
        names: [...column.values, "without"],
      });
    }
  });
  return found;
}

/** Return the name of a column with its unit. */
function titled({ name, unit }: Column): string {
  return unit ? `${name}, ${unit}` : name;
}

/** Return what a coloring says of a row; null for nothing. */
export function said(coloring: Coloring, at: number): string | null {
  if (coloring.kind === "class") {
    return coloring.each ? coloring.each(at) : coloring.names[coloring.codes[at]!]!;
  }
  const value = coloring.values[at]!;
  return Number.isNaN(value) ? null : coloring.shown(value);
}
