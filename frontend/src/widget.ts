/** The explorer in a notebook: the same page in a cell, with the kernel as its source. */

import type { RenderProps } from "@anywidget/types";
import { start } from "./app";
import type { Manifest, Source } from "./source";

interface Traits {
  manifest: Manifest;
  /** The state as a fragment; the kernel reads the chosen tokens from it, and writes them to it. */
  address: string;
}

type Model = RenderProps<Traits>["model"];

/** Return the source that asks the kernel for each part and gets it as bytes; and what ends it. */
function ofKernel(model: Model): [Source, () => void] {
  const waiting = new Map<string, (bytes: Uint8Array) => void>();
  const come = (message: { part: string }, buffers: DataView[]) => {
    const [data] = buffers;
    // A copy, so that arrays in it lie where their types want them.
    const bytes = new Uint8Array(data!.buffer, data!.byteOffset, data!.byteLength).slice();
    waiting.get(message.part)?.(bytes);
    waiting.delete(message.part);
  };
  model.on("msg:custom", come);
  const source: Source = {
    manifest: model.get("manifest"),
    part: (name) =>
      new Promise((resolve) => {
        waiting.set(name, resolve);
        model.send({ part: name });
      }),
  };
  return [source, () => model.off("msg:custom", come)];
}

function render({ model, el }: RenderProps<Traits>) {
  const root = document.createElement("div");
  root.className = "superscope";
  el.append(root);
  const [source, close] = ofKernel(model);
  let last = model.get("address");
  let follow = () => {};
  const changed = () => {
    if (model.get("address") === last) return; // written here
    last = model.get("address");
    follow();
  };
  model.on("change:address", changed);
  const started = start(root, source, {
    read: () => model.get("address"),
    write: (fragment) => {
      last = fragment;
      model.set("address", fragment);
      model.save_changes();
    },
    changed: (listener) => {
      follow = listener;
    },
  });
  return async () => {
    close();
    model.off("change:address", changed);
    (await started)?.stop();
  };
}

export default { render };
