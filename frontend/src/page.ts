/** The page that opens from disk. */

import { start } from "./app";
import { ofPage } from "./source";

const source = ofPage();
start(document.getElementById("explorer")!, source, {
  read: () => location.hash,
  write: (fragment, step) => {
    if (step) history.pushState(null, "", fragment || "#");
    else history.replaceState(null, "", fragment || "#");
  },
  changed: (listener) => addEventListener("hashchange", listener),
}).then((started) => {
  // For the console: superscope.models[0].search.nearest(row, count, center, hidden).
  const { superscope } = globalThis as unknown as { superscope: object };
  Object.assign(superscope, { models: started?.models ?? [], shown: performance.now() });
});
