import assert from "node:assert/strict";
import { test } from "node:test";
import { type About, Model } from "../src/models";

// A model starts its search in a worker, which node has none of.
Object.assign(globalThis, {
  Worker: class {
    addEventListener() {}
    postMessage() {}
  },
});

function model(texts: (string | null)[], shown: Record<string, string> = {}): Model {
  const about = { features: texts.length, width: 2, texts, shown } as unknown as About;
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
  assert.equal(some.same("paris"), 1);
  assert.equal(some.same("x"), 0);
  assert.equal(some.same("London"), null);
});
