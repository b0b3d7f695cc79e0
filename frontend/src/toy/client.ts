/** The page's side of the toy model: a worker that trains one run after the other. */

import { startWorker } from "../workers";
import type { Order, Report, Run, Snapshot } from "./messages";
import source from "./worker.ts?source";

export class Trainer {
  private readonly worker: Worker;
  private id = 0;
  private next: Run[] = [];
  private paused = false;

  /** `seen` gets snapshots a few times a second and one at the end; `failed` what went wrong. */
  constructor(seen: (snapshot: Snapshot) => void, failed: (message: string) => void) {
    this.worker = startWorker(source, failed);
    this.worker.addEventListener("message", (event: MessageEvent<Report>) => {
      const report = event.data;
      if (report.id !== this.id) return; // of a run that was given up
      if ("error" in report) failed(report.error);
      else {
        seen(report);
        this.order({ kind: "seen" });
      }
      if ("error" in report || report.done) this.begin();
    });
  }

  /** Give up what runs, and train these. */
  train(runs: Run[]) {
    this.next = [...runs];
    this.paused = false;
    this.begin();
  }

  /** How many runs come after the one that trains. */
  get left(): number {
    return this.next.length;
  }

  pause() {
    this.paused = true;
    this.order({ kind: "pause" });
  }

  resume() {
    this.paused = false;
    this.order({ kind: "resume" });
  }

  /** End the worker. */
  stop() {
    this.worker.terminate();
  }

  private begin() {
    this.id += 1;
    const run = this.next.shift();
    this.order(run ? { kind: "train", id: this.id, run } : { kind: "stop" });
    if (this.paused) this.order({ kind: "pause" }); // that came too late for the run before
  }

  private order(order: Order) {
    this.worker.postMessage(order);
  }
}
