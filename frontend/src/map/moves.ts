/** Moving about a map: by wheel, drag, pinch and keys. */

import type { Projection } from "./plane";

export interface Moves {
  /** How the layout is seen now, in CSS pixels. */
  projection(): Projection;
  /** Move what is seen by some CSS pixels. */
  pan(dx: number, dy: number): void;
  /** Change the zoom, and leave a place of the canvas where it is. */
  zoom(factor: number, x: number, y: number): void;
  /** Show all of it. */
  fit(): void;
  /** The pointer is at a place, or has left. */
  point(place: { x: number; y: number } | null): void;
  /** A place was clicked. */
  choose(x: number, y: number): void;
  /** Keys were used: what is nearest to the middle is pointed at. */
  byKey(used: boolean): void;
  /** Choose what keys point at. */
  take(): void;
}

const STEP = 60; // pixels of a key
export const FACTOR = 1.5; // of a key or a button
const STILL = 5; // pixels a click may move

/** Let a canvas be moved. */
export function movable(canvas: HTMLCanvasElement, moves: Moves): void {
  const down = new Map<number, { x: number; y: number }>();
  let gone = 0;

  const place = (event: MouseEvent) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    if (!down.size) gone = 0;
    down.set(event.pointerId, place(event));
    moves.byKey(false);
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = place(event);
    const before = down.get(event.pointerId);
    if (!before) return moves.point(now);
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const apart = (at: { x: number; y: number }) => Math.hypot(at.x - other.x, at.y - other.y);
      moves.zoom(
        apart(now) / Math.max(1, apart(before)),
        (now.x + other.x) / 2,
        (now.y + other.y) / 2,
      );
      gone = STILL + 1;
    } else {
      moves.pan(now.x - before.x, now.y - before.y);
      gone += Math.hypot(now.x - before.x, now.y - before.y);
    }
    down.set(event.pointerId, now);
  });
  const up = (event: PointerEvent) => {
    if (!down.delete(event.pointerId)) return;
    if (event.type === "pointerup" && gone <= STILL) moves.choose(place(event).x, place(event).y);
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", () => moves.point(null));
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const { x, y } = place(event);
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      moves.zoom(Math.exp(-0.0015 * lines * event.deltaY), x, y);
    },
    { passive: false },
  );
  const [across, along] = [() => canvas.clientWidth / 2, () => canvas.clientHeight / 2];
  const keys: Record<string, () => void> = {
    ArrowLeft: () => moves.pan(STEP, 0),
    ArrowRight: () => moves.pan(-STEP, 0),
    ArrowUp: () => moves.pan(0, STEP),
    ArrowDown: () => moves.pan(0, -STEP),
    "+": () => moves.zoom(FACTOR, across(), along()),
    "=": () => moves.zoom(FACTOR, across(), along()),
    "-": () => moves.zoom(1 / FACTOR, across(), along()),
    "0": () => moves.fit(),
    Enter: () => moves.take(),
    " ": () => moves.take(),
  };
  canvas.addEventListener("keydown", (event) => {
    const move = keys[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    moves.byKey(true);
    move();
  });
  canvas.addEventListener("blur", () => moves.byKey(false));
}
