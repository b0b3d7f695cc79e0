/** What the page and the worker of the toy model say to each other. */

import type { Measured } from "./measure";
import type { Settings } from "./model";

export interface Run extends Settings {
  seed: number;
}

export type Order =
  | { kind: "train"; id: number; run: Run }
  /** The last snapshot is on the page: there may be another. */
  | { kind: "seen" }
  | { kind: "pause" }
  | { kind: "resume" }
  | { kind: "stop" };

/** The model after some steps. */
export interface Snapshot {
  id: number;
  run: Run;
  step: number;
  done: boolean;
  /** W, shape (n, m). */
  W: Float64Array;
  measured: Measured;
  /** Mean over the last 100 steps; the part of the features with a norm of at most ½, the rest. */
  loss: number;
  leftOut: number;
  interference: number;
}

export type Report = Snapshot | { id: number; error: string };
