import assert from "node:assert/strict";
import { test } from "node:test";
import { meanSquare, plane } from "../src/story/room";
import { welchFloor } from "../src/theory";

test("directions in the plane overlap as little as Welch's bound has it", () => {
  for (let n = 1; n <= 12; n++) {
    assert.ok(Math.abs(meanSquare(plane(n)) - welchFloor(n, 2)) < 1e-12, `${n} directions`);
  }
});
