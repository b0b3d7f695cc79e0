/** The page that opens from disk. */

import { start } from "./app";
import { ofPage } from "./source";

start(document.getElementById("explorer")!, ofPage(), {
  read: () => location.hash,
  write: (fragment) => history.replaceState(null, "", fragment || "#"),
  changed: (listener) => addEventListener("hashchange", listener),
});
