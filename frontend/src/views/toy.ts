/** The toy model, live: it trains in the page while its features are watched. */

import { chart } from "../chart";
import { h, select, slider } from "../dom";
import { fixed, percent, short, whole } from "../numbers";
import { welchFloor } from "../theory";
import { Trainer } from "../toy/client";
import { probabilities } from "../toy/features";
import { leftOut, type Regime, THRESHOLD } from "../toy/measure";
import type { Run, Snapshot } from "../toy/messages";
import { featureArrows, overlapMatrix } from "../toy/pictures";
import { type Point, widthsChart, widthsOf } from "../toy/widths";
import type { App, Mounted, State, View } from "../view";

export const toy: View = { name: "toy", title: "Toy model, live", mount };

const BATCH = 1024;
const LEARNING_RATE = 0.01;
const STEPS = [1000, 2000, 4000, 8000, 20_000];
const SETTLED = 250; // milliseconds after which a slider has come to rest

/** What the address keeps. */
const KEYS = {
  n: { first: 60, least: 2, most: 200, step: 1 },
  m: { first: 2, least: 2, most: 100, step: 1 },
  decay: { first: -1, least: -1, most: 1, step: 0.05 },
  alpha: { first: 1, least: 0, most: 2, step: 0.05 },
  seed: { first: 0, least: 0, most: 99, step: 1 },
  steps: { first: 4000, least: 100, most: 20_000, step: 1 },
} as const;
type Key = keyof typeof KEYS;

const REGIMES: Record<Exclude<Regime, "none">, string> = {
  strong: "strong superposition: nearly all features are represented, so they overlap",
  weak: "weak superposition: the frequent features have room, the rare ones are left out",
  intermediate: "between weak and strong superposition",
};

/** Return the run that a state asks for; what is no number in its range is passed over. */
function runOf(state: State): Run {
  const value = (key: Key) => {
    const { first, least, most, step } = KEYS[key];
    const asked = state[`toy.${key}`];
    const number = asked?.trim() ? Number(asked) : Number.NaN;
    if (!(number >= least && number <= most)) return first;
    return step === 1 ? Math.round(number) : number;
  };
  return {
    n: value("n"),
    m: value("m"),
    alpha: value("alpha"),
    decay: value("decay"),
    seed: value("seed"),
    steps: value("steps"),
    batch: BATCH,
    learningRate: LEARNING_RATE,
  };
}

function mount(root: HTMLElement, app: App): Mounted {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const trainer = new Trainer(seen, failed);
  const pictures = [featureArrows(), overlapMatrix()];
  const controls = h("div", { class: "controls" });
  const progress = h("progress", { "aria-label": "Steps of the training", max: 1, value: 0 });
  const status = h("p", { role: "status" });
  const facts = h("dl", { class: "facts" });
  const hold = h("button", { type: "button", click: pause }, "Pause");
  const ends = new Map<string, Map<number, Point>>(); // of runs that differ in more than width
  let asked = ""; // the run that the address asks for
  let placed = ""; // what the controls show
  let paused = false;
  let changes: Record<string, string | null> = {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  const first = runOf(app.state());
  const norms = chart(rankedNorms(first, null));
  const widths = chart(widthsChart([], first.n, first.alpha));
  root.append(
    h("h2", {}, "A toy model of superposition"),
    h(
      "p",
      {},
      "n features share m dimensions. A sample holds one active feature on average, feature i with " +
        "a probability proportional to i to the power −α. The model squeezes a sample x into " +
        "h = Wᵀx and reads it back as ReLU(W h + b). Its loss is the squared error, summed over " +
        "features. Row i of W is the arrow of feature i.",
    ),
    controls,
    h(
      "div",
      { class: "controls" },
      hold,
      h("button", { type: "button", click: again }, "Again"),
      h("button", { type: "button", click: every }, "Run widths from 2 to n"),
      progress,
    ),
    status,
    facts,
    h("div", { class: "columns" }, ...pictures.map(({ element }) => element)),
    norms.element,
    widths.element,
    h(
      "p",
      { class: "quiet" },
      `Trained here as superscope toy train does it: Adam, batches of ${whole(BATCH)} samples, a ` +
        `peak rate of ${LEARNING_RATE} after a tenth of the steps, then a cosine to 5 %. A ` +
        "negative decay pulls norms toward 1, a positive one pulls them toward 0. The published " +
        "runs have n = 1,000 and 20,000 steps of 2,048 samples; fewer steps may leave a model " +
        "before its end. Sources: Elhage et al. 2022; Liu, Liu and Gore 2025; Welch 1974.",
    ),
  );

  function say(text: string) {
    status.textContent = text;
  }

  function failed(message: string) {
    say(`The training stopped: it ${message}.`);
    hold.disabled = trainer.left === 0;
  }

  /** Take a change of the controls into the address once they have come to rest. */
  function change(key: Key, value: string) {
    changes[`toy.${key}`] = value;
    clearTimeout(timer);
    timer = setTimeout(() => {
      const settled = { ...everyKey(), ...changes, "toy.widths": null };
      changes = {};
      placed = JSON.stringify(runOf({ ...app.state(), ...onlyText(settled) }));
      app.set(settled);
    }, SETTLED);
  }

  /** Return all settings as they are, so that a link holds them whatever the defaults are. */
  function everyKey(): Record<string, string> {
    const run = runOf(app.state());
    return Object.fromEntries(
      (Object.keys(KEYS) as Key[]).map((key) => [`toy.${key}`, String(run[key])]),
    );
  }

  function place(run: Run) {
    const range = (key: Key) => {
      const { least, most, step } = KEYS[key];
      return { min: least, max: most, step, value: run[key] };
    };
    const of = (key: Key, label: string, shown: (value: number) => string) =>
      slider(label, range(key), shown, (value) => change(key, String(Number(value.toFixed(2)))));
    const listed = [...new Set([...STEPS, run.steps])].sort((a, b) => a - b);
    controls.replaceChildren(
      of("n", "features n", whole),
      of("m", "width m", whole),
      of("decay", "decay γ", (value) => `${fixed(value, 2)}${value < 0 ? " (growth)" : ""}`),
      of("alpha", "exponent α of the frequencies", (value) => fixed(value, 2)),
      of("seed", "seed", whole),
      select(
        "steps",
        listed.map((steps) => [String(steps), whole(steps)] as const),
        String(run.steps),
        (value) => change("steps", value),
      ),
    );
  }

  function pause() {
    paused = !paused;
    if (paused) trainer.pause();
    else trainer.resume();
    hold.textContent = paused ? "Go on" : "Pause";
  }

  function begin(runs: Run[]) {
    paused = false;
    hold.textContent = "Pause";
    hold.disabled = false;
    const [run] = runs as [Run];
    say(still ? "Training. The pictures follow at its end." : "Training.");
    trainer.train(runs);
    showWidths(run);
  }

  function again() {
    const run = runOf(app.state());
    if (app.state()["toy.widths"]) app.set({ "toy.widths": null });
    else begin([run]);
  }

  function every() {
    asked = ""; // also where all widths were asked for before
    app.set({ ...everyKey(), "toy.widths": "all" });
  }

  function update() {
    const run = runOf(app.state());
    const all = app.state()["toy.widths"] === "all";
    if (placed !== JSON.stringify(run)) place(run);
    placed = JSON.stringify(run);
    const now = JSON.stringify([run, all]);
    if (now === asked) return;
    asked = now;
    begin(all ? [...widthsOf(run.n).map((m) => ({ ...run, m })), run] : [run]);
  }

  function seen(snapshot: Snapshot) {
    const { run, step, done, W, measured } = snapshot;
    progress.max = run.steps;
    progress.value = step;
    if (done) {
      const key = keyOf(run);
      const points = ends.get(key) ?? new Map<number, Point>();
      points.set(run.m, { m: run.m, loss: snapshot.loss, regime: measured.regime });
      ends.set(key, points);
      showWidths(run);
      say(sentence(snapshot));
      hold.disabled = trainer.left === 0;
    }
    if (still && !done) return;
    for (const picture of pictures) picture.show(W, measured.norms);
    norms.show(rankedNorms(run, measured.norms));
    facts.replaceChildren(
      ...factsOf(snapshot).flatMap(([label, said]) => [h("dt", {}, label), h("dd", {}, said)]),
    );
  }

  function showWidths(run: Run) {
    const points = [...(ends.get(keyOf(run))?.values() ?? [])].sort((a, b) => a.m - b.m);
    widths.show(widthsChart(points, run.n, run.alpha));
  }

  return {
    update,
    leave: () => {
      clearTimeout(timer);
      trainer.stop();
    },
  };
}

function onlyText(changes: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(changes).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

/** Return what runs that differ only in width have in common. */
function keyOf({ m: _, ...others }: Run): string {
  return JSON.stringify(others);
}

function rankedNorms(run: Run, norms: Float64Array | null) {
  const ranks = Array.from({ length: run.n }, (_, i) => i + 1);
  return {
    caption:
      "Norm of each feature's row, the most frequent first, and its frequency over that of the " +
      `first. A norm above ${THRESHOLD} counts as represented.`,
    x: { label: "rank of the feature", values: ranks },
    y: { label: "norm", range: [0, Math.max(1.1, ...(norms ?? []))] as [number, number] },
    series: [
      { label: "norm", kind: "bars" as const, values: norms ?? ranks.map(() => null) },
      {
        label: "frequency over the first's",
        kind: "line" as const,
        values: ranks.map((rank) => rank ** -run.alpha),
      },
    ],
    height: 200,
  };
}

/** Return what a regime is, in words. */
function regimeOf({ run: { n, m }, measured: { regime } }: Snapshot): string {
  if (regime !== "none") return REGIMES[regime];
  const free = m > n ? `; ${m - n} of the ${m} dimensions are more than they need` : "";
  return `room for all: no feature has to overlap${free}`;
}

/** Say in one sentence how it ended. */
function sentence(snapshot: Snapshot): string {
  const { run, loss } = snapshot;
  return (
    `Trained with n = ${run.n} and m = ${run.m}: ${regimeOf(snapshot)}. ` +
    `The loss is ${short(loss)}.`
  );
}

function factsOf(snapshot: Snapshot): [string, string][] {
  const { run, step, measured, loss, interference } = snapshot;
  const { n, m } = run;
  const kept = Math.round(measured.represented * n);
  const floor = welchFloor(n, m);
  const { meanSquareOverlap: overlap, meanSquareAmongRepresented: among } = measured;
  const expected = leftOut(probabilities(n, run.alpha), (i) => measured.norms[i]! > THRESHOLD);
  return [
    ["step", `${whole(step)} of ${whole(run.steps)}, n = ${n}, m = ${m}`],
    ["regime", regimeOf(snapshot)],
    ["represented", `${kept} of ${n} features (${percent(measured.represented)}): norm above ½`],
    ["loss, last 100 steps", short(loss)],
    [
      "of which left out",
      `${short(snapshot.leftOut)}; frequencies of the features left out times 4/3: ${short(expected)}`,
    ],
    ["of which interference", short(interference)],
    [
      "mean square overlap",
      overlap === null
        ? "fewer than two rows have a direction"
        : `${short(overlap)}, ${short(overlap * m)} times the 1/m of random directions ` +
          `(${short(1 / m)}); ` +
          (floor ? `no directions have less than ${short(floor)} (Welch)` : "it can be 0"),
    ],
    ["of the represented", among === null ? "there are no two" : short(among)],
  ];
}
