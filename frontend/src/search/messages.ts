/** What the page and the worker of the search say to each other. */

import type { Nearest } from "./rows";

/** A part of the data: base64 from a page, bytes in a notebook. */
export type PartBytes = string | Uint8Array;

export type Request =
  | { kind: "part"; part: PartBytes }
  | { kind: "nearest"; row: number; count: number; center: string; hidden: number[] }
  | { kind: "overlaps"; rows: number[]; center: string };

export type Asked = Request & { id: number };

export type Answer =
  | { id: number; nearest: Nearest }
  | { id: number; overlaps: number[][] }
  | { id: number; done: true }
  | { id: number; error: string };
