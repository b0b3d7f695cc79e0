/** Links that change what is seen, and that a reader can copy. */

import { h } from "./dom";
import type { App } from "./view";

/** Return a link to the page with changes to its state. */
export function link(
  app: App,
  changes: Record<string, string | null>,
  ...shown: (Node | string)[]
): HTMLAnchorElement {
  return h(
    "a",
    {
      href: app.link(changes),
      click: (event) => {
        const { ctrlKey, metaKey, shiftKey } = event as MouseEvent;
        if (ctrlKey || metaKey || shiftKey) return; // for a tab or a window of its own
        event.preventDefault();
        app.set(changes);
      },
    },
    ...shown,
  );
}
