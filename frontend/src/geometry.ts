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

/** Return the names of the published families, and their overlaps. */
export function publishedOf(models: readonly Model[]): {
  families: Record<string, string>;
  overlaps: PublishedOverlap[];
} {
  const meta = models[0]?.parts.published?.meta as
    | {
        families: Record<string, string>;
        overlaps: [string, string, number, number][];
      }
    | undefined;
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
