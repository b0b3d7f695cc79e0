import assert from "node:assert/strict";
import { test } from "node:test";
import { csv } from "../src/saving";

test("a file has numbers in full, and no cell is a formula", () => {
  const rows = [
    ['"a", b', 1 / 3, null],
    ["=1+1", -2, Number.NaN],
  ];
  const lines = csv({ head: ["x", "y", "z"], rows }).split("\r\n");
  assert.deepEqual(lines, ["x,y,z", `"""a"", b",${1 / 3},`, "'=1+1,-2,", ""]);
});
