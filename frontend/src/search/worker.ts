/** The worker of the search: it holds the rows of one model, so that the page never freezes. */

import { decode, parse } from "../container";
import type { Answer, Asked } from "./messages";
import { type Center, type Kind, Rows } from "./rows";

let rows: Rows | null = null;

function begin(meta: Record<string, unknown>, arrays: ReturnType<typeof parse>["arrays"]) {
  const names = meta.centers as string[];
  const width = meta.width as number;
  const centers: Record<string, Center> = {};
  for (const [k, name] of names.entries()) {
    const vectors = arrays.center as Float32Array;
    centers[name] = {
      vector: vectors.subarray(k * width, (k + 1) * width),
      inverse: arrays[`inverse_${name}`] as Float64Array,
    };
  }
  rows = new Rows({
    features: meta.features as number,
    width,
    kind: meta.kind as Kind,
    base: arrays.base as Float32Array,
    scale: arrays.scale as Float32Array,
    error: arrays.error as Float32Array,
    repeated: arrays.repeated as Uint8Array,
    centers,
  });
}

function answer(asked: Asked): Answer {
  const { id } = asked;
  if (asked.kind === "part") {
    const { meta, arrays } = parse(
      typeof asked.part === "string" ? decode(asked.part) : asked.part,
    );
    if (meta.part === "search") begin(meta, arrays);
    else if (meta.part === "small") {
      rows!.addSmall(meta.start as number, arrays.rows as Int8Array);
    } else {
      const scales = arrays.scales as Uint16Array | undefined;
      rows!.addExact(meta.start as number, arrays.rows as Uint16Array, scales);
    }
    return { id, done: true };
  }
  if (asked.kind === "nearest") {
    const { row, count, center, hidden } = asked;
    return { id, nearest: rows!.nearest(row, count, center, hidden) };
  }
  return { id, overlaps: rows!.overlaps(asked.rows, asked.center) };
}

addEventListener("message", (event: MessageEvent<Asked>) => {
  try {
    postMessage(answer(event.data));
  } catch (error) {
    postMessage({ id: event.data.id, error: String(error) } satisfies Answer);
  }
});
