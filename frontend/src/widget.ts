/** The explorer in a notebook: the same page in a cell, with the kernel as its source. */

import type { RenderProps } from "@anywidget/types";
import { start } from "./app";
import type { Manifest, Source } from "./source";
import { changed, read, written } from "./state";

interface Traits {
  manifest: Manifest;
  /** The state as a fragment. */
  address: string;
  /** Ids of the chosen tokens of the first model. */
  selected: number[];
}

type Model = RenderProps<Traits>["model"];

/** Return the source that asks the kernel for each part, and gets it as bytes. */
function ofKernel(model: Model): Source {
  const waiting = new Map<string, (bytes: Uint8Array) => void>();
  model.on("msg:custom", (message: { part: string }, buffers: DataView[]) => {
    const [data] = buffers;
    // A copy, so that arrays in it lie where their types want them.
    const bytes = new Uint8Array(data!.buffer, data!.byteOffset, data!.byteLength).slice();
    waiting.get(message.part)?.(bytes);
    waiting.delete(message.part);
  });
  return {
    manifest: model.get("manifest"),
    part: (name) =>
      new Promise((resolve) => {
        waiting.set(name, resolve);
        model.send({ part: name });
      }),
  };
}

function render({ model, el }: RenderProps<Traits>) {
  const root = document.createElement("div");
  root.className = "superscope";
  el.append(root);
  let last = model.get("address");
  void start(root, ofKernel(model), {
    read: () => model.get("address"),
    write: (fragment) => {
      last = fragment;
      const tokens = read(fragment).tokens ?? "";
      model.set("address", fragment);
      model.set("selected", tokens.split(",").filter(Boolean).map(Number));
      model.save_changes();
    },
    changed: (listener) => {
      model.on("change:address", () => {
        if (model.get("address") !== last) listener();
      });
      model.on("change:selected", () => {
        const state = read(model.get("address"));
        const tokens = model.get("selected").join(",");
        if ((state.tokens ?? "") === tokens) return;
        model.set("address", written(changed(state, { tokens: tokens || null })));
        model.save_changes();
      });
    },
  });
}

export default { render };
