/** What the page hands to its views, and what it asks of them. */

import type { Model } from "./models";

/** What the fragment of the page's address keeps: a link replays what was seen. */
export type State = Readonly<Record<string, string>>;

export interface App {
  /** The models of this page, the first one leading. */
  readonly models: readonly Model[];
  /** Results of other rooms: words and pictures. */
  readonly results: readonly Result[];
  /** The state as it is now. */
  state(): State;
  /** Change the state; null takes a key out. The view shown is then updated. */
  set(changes: Record<string, string | null>): void;
  /** The address of this page with a state, for a link. */
  link(changes: Record<string, string | null>): string;
}

/** A result, as it prints and as it is drawn. */
export interface Result {
  title: string;
  text: string;
  figures: Figure[];
}

/** SVG documents of one picture, for light and for dark pages. */
export type Themes = [light: string, dark: string];

export interface Figure {
  title: string;
  caption: string;
  label: string;
  /** Null if it cannot be drawn. */
  themes: Themes | null;
  /** The same for narrow pages, where that is another picture. */
  narrow: Themes | null;
}

/** A view that is on the page. */
export interface Mounted {
  /** Show the state as it is now. */
  update(): void;
  /** Stop what runs: timers, workers. */
  leave?(): void;
}

export interface View {
  /** Its name in the address. */
  readonly name: string;
  /** Its name for people. */
  readonly title: string;
  /** Whether there is something to show; without it, there always is. */
  has?(app: App): boolean;
  mount(root: HTMLElement, app: App): Mounted;
}
