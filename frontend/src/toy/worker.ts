/** The worker of the toy model: it trains in short pieces, so that it hears the page in between. */

import { measure, THRESHOLD } from "./measure";
import type { Order, Report, Run, Snapshot } from "./messages";
import { Toy } from "./model";
import { seeded } from "./random";

const PIECE = 60; // milliseconds of training at once
const EVERY = 200; // milliseconds from one snapshot to the next

let training: { id: number; run: Run; toy: Toy } | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let last = 0;
let seen = true; // whether the page has drawn the last snapshot: on a slow machine it gets fewer

function go() {
  clearTimeout(timer);
  timer = setTimeout(piece, 0);
}

function piece() {
  if (!training) return;
  const { id, run, toy } = training;
  try {
    const until = performance.now() + PIECE;
    while (toy.step < run.steps && performance.now() < until) toy.train();
  } catch (error) {
    training = null;
    postMessage({ id, error: (error as Error).message } satisfies Report);
    return;
  }
  const done = toy.step >= run.steps;
  if (done || (seen && performance.now() - last > EVERY)) {
    report(done);
    seen = false;
    last = performance.now();
  }
  if (done) training = null;
  else go();
}

function report(done: boolean) {
  const { id, run, toy } = training!;
  const measured = measure(toy.W, run.n);
  let [leftOut, interference] = [0, 0];
  for (const [i, loss] of toy.featureLoss().entries()) {
    if (measured.norms[i]! > THRESHOLD) interference += loss;
    else leftOut += loss;
  }
  const loss = leftOut + interference;
  const { step, W } = toy;
  const snapshot: Snapshot = { id, run, step, done, W, measured, loss, leftOut, interference };
  postMessage(snapshot);
}

addEventListener("message", (event: MessageEvent<Order>) => {
  const order = event.data;
  if (order.kind === "train") {
    const { id, run } = order;
    training = { id, run, toy: new Toy(run, seeded(run.seed)) };
    last = 0;
    seen = true;
    go();
  } else if (order.kind === "seen") seen = true;
  else if (order.kind === "resume") go();
  else clearTimeout(timer);
  if (order.kind === "stop") training = null;
});
