/** What `measure` reports of a model, and the published table, as the page has them. */

import type { Model } from "./models";

export interface CenteringNumbers {
  name: string;
  title: string;
  mean_square: number;
  chance: number;
  /** Welch's bound; 0 for V ≤ m. */
  floor: number;
  effective_width: number;
  packing: number;
}

/** A geometry: its table in words, and its numbers. */
export interface Overview {
  title: string;
  columns: string[];
  overlaps: string[][];
  facts: [label: string, said: string][];
  notes: string[];
  regime: string;
  represented: number | null;
  represented_untrained: number | null;
  scale_known: boolean;
  threshold: number;
  threshold_rule: string;
  centerings: CenteringNumbers[];
}

export interface PublishedOverlap {
  family: string;
  model: string;
  width: number;
  overlap: number;
}

/** Return what `measure` reports of a model; null where the page was made without it. */
export function overviewOf(model: Model): Overview | null {
  const part = model.parts.overview;
  return part ? (part.meta as unknown as Overview) : null;
}

/** Return a centering's numbers: raw, or centered. */
export function centering(overview: Overview, name: "none" | "mean"): CenteringNumbers {
  return overview.centerings.find((one) => one.name === name)!;
}

/** The width law of published losses: width part = amplitude · m^(−alpha). */
export interface PublishedLaw {
  table: string;
  verdict: string;
  formula: string;
  amplitude: number;
  alpha: number;
  /** Its 95 % interval; null where the data set no end. */
  low: number | null;
  high: number | null;
  models: number;
  datasets: number;
  /** Family, model and text, width, and the loss over its floor. */
  points: [family: string, label: string, width: number, over: number][];
}

interface Published {
  families: Record<string, string>;
  overlaps: [family: string, model: string, width: number, overlap: number][];
  law: PublishedLaw;
}

/** Return the names of the published families, and their overlaps. */
export function publishedOf(models: readonly Model[]): {
  families: Record<string, string>;
  overlaps: PublishedOverlap[];
} {
  const meta = models[0]?.parts.published?.meta as unknown as Published | undefined;
  return {
    families: meta?.families ?? {},
    overlaps: (meta?.overlaps ?? []).map(([family, model, width, overlap]) => ({
      family,
      model,
      width,
      overlap,
    })),
  };
}

/** Return the width law of published losses; null where the page was made without it. */
export function lawOf(models: readonly Model[]): PublishedLaw | null {
  return (models[0]?.parts.published?.meta as unknown as Published | undefined)?.law ?? null;
}

/** A number and its standard error. */
export type Estimate = [value: number, error: number | null];

export interface NarrowHead {
  way: string;
  rank: number;
  /** Loss over that of the full head, nats per token. */
  excess: Estimate;
  /** Share of positions with the same most probable token. */
  agree: number;
  weights: number;
  overlap: number;
  overlap_centered: number;
}

/** Narrower heads of a model, as `superscope repack` scored them. */
export interface Repack {
  model: string;
  width: number;
  rows: number;
  ways: string[];
  /** Of the full head. */
  loss: Estimate;
  weights: number;
  heads: NarrowHead[];
  /** The best head of each rank. */
  best: NarrowHead[];
  /** The best head of about half the rank. */
  half: NarrowHead;
  scored: string;
  calibration: string;
  other: string | null;
  other_heads: NarrowHead[];
}

/** Return a model's narrower heads; null where there are none. */
export function repackOf(model: Model): Repack | null {
  const part = model.parts.repack;
  return part ? (part.meta as unknown as Repack) : null;
}
