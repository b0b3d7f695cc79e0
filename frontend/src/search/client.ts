/** The page's side of the search: questions as promises. */

import { startWorker } from "../workers";
import type { Answer, Asked, PartBytes, Request } from "./messages";
import type { Nearest } from "./rows";
import source from "./worker.ts?source";

export class Search {
  private readonly worker = startWorker(source, (why) => this.end(`the search ${why}`));
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private last = 0;
  private broken: string | null = null;

  constructor() {
    this.worker.addEventListener("message", (event: MessageEvent<Answer>) => {
      this.waiting.get(event.data.id)?.(event.data);
      this.waiting.delete(event.data.id);
    });
  }

  /** Hand over a part of the data. */
  async add(part: PartBytes): Promise<void> {
    await this.ask({ kind: "part", part });
  }

  /** Return the rows nearest to a row. */
  async nearest(row: number, count: number, center: string, hidden: number[]): Promise<Nearest> {
    const answer = await this.ask({ kind: "nearest", row, count, center, hidden });
    return (answer as { nearest: Nearest }).nearest;
  }

  /** Return the overlaps of some rows with each other. */
  async overlaps(rows: number[], center: string): Promise<number[][]> {
    const answer = await this.ask({ kind: "overlaps", rows, center });
    return (answer as { overlaps: number[][] }).overlaps;
  }

  /** Let who waits, and who asks from now on, know that no answer comes. */
  private end(why: string) {
    this.broken = why;
    for (const [id, answered] of this.waiting) answered({ id, error: why });
    this.waiting.clear();
  }

  /** End the worker. */
  stop() {
    this.worker.terminate();
  }

  private ask(request: Request): Promise<Answer> {
    this.last += 1;
    const asked: Asked = { ...request, id: this.last };
    return new Promise((resolve, reject) => {
      if (this.broken) return reject(new Error(this.broken));
      this.waiting.set(asked.id, (answer) => {
        if ("error" in answer) reject(new Error(answer.error));
        else resolve(answer);
      });
      this.worker.postMessage(asked);
    });
  }
}
