/** What is seen, kept in the fragment of the page's address. */

import type { State } from "./view";

/** Return the state that a fragment holds; what is no state is passed over. */
export function read(fragment: string): State {
  return Object.fromEntries(new URLSearchParams(fragment.replace(/^#/, "")));
}

/** Return a state with changes; null takes a key out. */
export function changed(state: State, changes: Record<string, string | null>): State {
  const next: Record<string, string> = { ...state };
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) delete next[key];
    else next[key] = value;
  }
  return next;
}

/** Return the fragment that holds a state. */
export function written(state: State): string {
  const text = new URLSearchParams(state).toString();
  return text ? `#${text}` : "";
}
