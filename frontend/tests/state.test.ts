import assert from "node:assert/strict";
import { test } from "node:test";
import { changed, read, written } from "../src/state";

test("a fragment gives back the state that it was written from", () => {
  const state = { view: "find", tokens: "1,2", text: " ü&=#%" };
  assert.deepEqual(read(written(state)), state);
});

test("null takes a key out, and no state is no fragment", () => {
  assert.equal(written(changed({ a: "1" }, { a: null })), "");
});

test("a fragment changes no object but its own", () => {
  const state = read("#__proto__=1&constructor=2&view=find");
  assert.equal(changed(state, { view: "map" }).view, "map");
  assert.equal(Object.getPrototypeOf(changed(state, {})), Object.prototype);
  assert.equal(({} as Record<string, unknown>).view, undefined);
});
