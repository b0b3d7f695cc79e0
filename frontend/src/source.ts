/** Where the parts of the data come from: scripts beside the page, blocks in it, or a notebook. */

import type { PartBytes } from "./search/messages";

/** The parts of a page by name: those of each model, and those of the page itself. */
export interface Manifest {
  version: string;
  models: string[][];
  page: string[];
}

export interface Source {
  readonly manifest: Manifest;
  part(name: string): Promise<PartBytes>;
}

/** Return the source of a page that was opened from disk. */
export function ofPage(): Source {
  const manifest: Manifest = JSON.parse(document.getElementById("manifest")!.textContent!);
  const come = new Map<string, string>();
  (globalThis as unknown as { superscope: unknown }).superscope = (name: string, data: string) =>
    come.set(name, data);
  return {
    manifest,
    part: (name) => {
      const block = document.getElementById(`part:${name}`);
      if (block) {
        const data = block.textContent!;
        block.remove();
        return Promise.resolve(data);
      }
      return new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = `data/${name}.js`;
        script.onload = () => {
          const data = come.get(name);
          come.delete(name);
          script.remove();
          if (data === undefined) reject(new Error(`data/${name}.js does not hold ${name}`));
          else resolve(data);
        };
        script.onerror = () =>
          reject(new Error(`data/${name}.js is missing: keep the page's folder together`));
        document.head.append(script);
      });
    },
  };
}
