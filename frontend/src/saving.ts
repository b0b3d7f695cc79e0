/** Numbers of the page as a file. */

import { h } from "./dom";

/** A table: words, and numbers in full; null is nothing. */
export interface Numbers {
  head: string[];
  rows: (string | number | null)[][];
}

const KEPT = 60_000; // milliseconds for the browser to take the file

/** Return numbers as CSV, with no cell that a spreadsheet would run as a formula. */
export function csv({ head, rows }: Numbers): string {
  const cell = (value: string | number | null) => {
    if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
    const text = /^'*[=+\-@\t\r]/.test(value ?? "") ? `'${value}` : (value ?? "");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [head, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** Return a button that saves numbers as a file, which is named by the first words of `title`. */
export function saving(title: string, numbers: () => Numbers): HTMLElement {
  const words = title.split(/[.,:;(]/)[0]!.toLowerCase();
  const name = words.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "numbers";
  const save = () => {
    const href = URL.createObjectURL(new Blob([csv(numbers())], { type: "text/csv" }));
    h("a", { href, download: `${name.slice(0, 80)}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(href), KEPT);
  };
  return h("button", { type: "button", click: save }, "Save as CSV");
}
