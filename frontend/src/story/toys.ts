/** Toys that a screen trains from start to end, in a worker. */

import { h } from "../dom";
import { Trainer } from "../toy/client";
import type { Run, Snapshot } from "../toy/messages";

const kept = new Map<string, Snapshot>(); // so that who comes back to a screen need not wait

function key(run: Run): string {
  return JSON.stringify(run);
}

/**
 * Return an element that says what is being trained, and shows what `shown` makes of the trained
 * toys when all are there; and a function that gives up.
 */
export function toys(
  runs: Run[],
  shown: (trained: Snapshot[]) => HTMLElement[],
): { element: HTMLElement; stop(): void } {
  const said = h("p", { role: "status" });
  const element = h("div", {}, said);
  let trainer: Trainer | null = null;
  const stop = () => {
    trainer?.stop();
    trainer = null;
  };
  const renew = () => {
    const trained = runs.map((run) => kept.get(key(run)));
    const missing = trained.filter((toy) => !toy).length;
    said.textContent = missing
      ? `A toy is being trained, ${runs.length - missing + 1} of ${runs.length} …`
      : `${runs.length} toys have been trained.`;
    if (missing) return;
    element.replaceChildren(said, ...shown(trained as Snapshot[]));
    stop();
  };
  const missing = runs.filter((run) => !kept.has(key(run)));
  if (missing.length) {
    trainer = new Trainer(
      (snapshot) => {
        if (!snapshot.done) return;
        kept.set(key(snapshot.run), snapshot);
        renew();
      },
      (message) => {
        element.replaceChildren(h("p", { role: "alert" }, `A toy cannot be trained: ${message}`));
        stop();
      },
    );
    trainer.train(missing);
  }
  renew();
  return { element, stop };
}
