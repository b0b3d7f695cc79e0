import assert from "node:assert/strict";
import { test } from "node:test";
import { type About, Model } from "../src/models";
import { chosenOf, including, keyOf, leading, unknown } from "../src/tokens";
import type { App } from "../src/view";

// A model starts its search in a worker, which node has none of.
Object.assign(globalThis, {
  Worker: class {
    addEventListener() {}
    postMessage() {}
  },
});

function model(
  texts: (string | null)[],
  shown: Record<string, string> = {},
  cut: Record<string, string> = {},
): Model {
  const about = { features: texts.length, width: 2, texts, shown, cut } as unknown as About;
  return new Model(about, {}, {}, () => Promise.resolve());
}

test("an equal text comes before an id, and #id is the id alone", () => {
  const some = model(["a", "b", "2", " 2", "12"]);
  assert.deepEqual(some.find("2", 9), [2, 3, 4]);
  assert.deepEqual(some.find("#2", 9), [2]);
  assert.deepEqual(some.find("1", 9), [1, 4]);
});

test("a text is found as the page shows it", () => {
  const some = model([" Paris", "\n", "n"], { 1: '"\\n"' });
  assert.deepEqual(some.find('" Paris"', 9), [0]);
  assert.deepEqual(some.find("\\n", 9), [1]);
  assert.deepEqual(some.find('"\\n"', 9), [1]);
});

test("the same word may differ in a leading space or in capitals", () => {
  const some = model(["x", " Paris", "par"]);
  const same = (text: string | null) => some.counterpart(model([text]), 0);
  assert.equal(same("paris"), 1);
  assert.equal(same("x"), 0);
  assert.equal(same("London"), null);
  assert.equal(same(""), null);
  assert.equal(same(null), null);
});

test("texts that are cut are the same if all of them is", () => {
  const one = model(["aa", "aa", "aa"], {}, { 0: "d", 1: "e" });
  const other = model(["aa", "aa", "aa"], {}, { 1: "e", 2: "f" });
  assert.equal(one.counterpart(other, 0), 2);
  assert.equal(one.counterpart(other, 1), 1);
  assert.equal(one.counterpart(other, 2), null);
  assert.deepEqual(one.find("aa", 9), [2, 0, 1]);
});

function app(models: Model[], state: Record<string, string>): App {
  return { models, state: () => state } as unknown as App;
}

test("a token that only another model has is chosen by its id there", () => {
  const [first, second] = [model(["x", " Paris"]), model(["x", "Paris", " Paris", "only"])];
  const some = app([first, second], { tokens: "1,1-3,1-2,0-0,1-9,2-0,-1,constructor" });
  // " Paris" of the second is token 1 of the first, but "Paris" is not, though the first has
  // nothing nearer to it.
  assert.deepEqual(
    chosenOf(some).map(({ key }) => key),
    ["1", "1-3", "0"],
  );
  assert.equal(unknown(some), 4);
  assert.equal(keyOf(some, second, 1), "1-1");
  assert.equal(including(some, second, 2), "1-3,0,1");
  assert.equal(second.counterpart(first, 1), 2);
  assert.equal(first.counterpart(second, 3), null);
});

test("the first model leads unless another is asked for", () => {
  const [first, second] = [model(["x"]), model(["y"])];
  for (const asked of ["0", "7", "-1", "", "length"]) {
    assert.equal(leading(app([first, second], { model: asked })), first);
  }
  assert.equal(leading(app([first, second], {})), first);
  assert.equal(leading(app([first, second], { model: "1" })), second);
  assert.equal(leading(app([first, second], { model: "1" }), [first]), first);
});
