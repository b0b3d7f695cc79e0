/** Points in a plane: the window through which they are seen, and which are near to a place. */

/** Pairs of coordinates; NaN where a row has no place. */
export type Points = Float32Array;

/** What is seen: the middle, in the layout's units, and how many times larger than the whole. */
export interface Window {
  x: number;
  y: number;
  zoom: number;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

const MARGIN = 1.06;
const FARTHEST = 0.5;
const CLOSEST = 5000;

/** Return the box about all points, by its middle. */
export function boxOf(points: Points): Box {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    const x = points[i]!;
    const y = points[i + 1]!;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < low) low = y;
    if (y > high) high = y;
  }
  if (left > right) return { x: 0, y: 0, width: 1, height: 1 };
  const width = right - left;
  const height = high - low;
  const least = Math.max(width, height, 1e-6) / 100;
  return {
    x: (left + right) / 2,
    y: (low + high) / 2,
    width: Math.max(width, least),
    height: Math.max(height, least),
  };
}

/** From the layout's units to pixels: x ↦ scale · x + left, y ↦ top − scale · y. */
export interface Projection {
  scale: number;
  left: number;
  top: number;
}

/** Return how a window on a box is seen in a picture of some pixels. */
export function project(box: Box, seen: Window, width: number, height: number): Projection {
  const fit = Math.min(width / box.width, height / box.height) / MARGIN;
  const scale = fit * seen.zoom;
  return { scale, left: width / 2 - scale * seen.x, top: height / 2 + scale * seen.y };
}

/** Return a zoom within what can be seen. */
export function bounded(zoom: number): number {
  return Math.min(CLOSEST, Math.max(FARTHEST, zoom));
}

/** Return the window after a change of zoom that leaves a place of the layout where it is seen. */
export function zoomed(seen: Window, factor: number, x: number, y: number): Window {
  const zoom = bounded(seen.zoom * factor);
  const kept = seen.zoom / zoom;
  return { x: x + (seen.x - x) * kept, y: y + (seen.y - y) * kept, zoom };
}

/** Return the position of the point nearest to a place, no farther than `within`; or null. */
export function nearestTo(points: Points, x: number, y: number, within = Infinity): number | null {
  let best = within * within;
  let found: number | null = null;
  for (let i = 0; i < points.length; i += 2) {
    const dx = points[i]! - x;
    const dy = points[i + 1]! - y;
    const square = dx * dx + dy * dy;
    if (square <= best && !(square === best && found !== null)) {
      best = square;
      found = i / 2;
    }
  }
  return found;
}

/**
 * Return how many points are nearer to a point than another is, for each of some others: 0 for the
 * nearest. Points that `passed` marks are not counted.
 */
export function placesFrom(
  points: Points,
  at: number,
  others: readonly number[],
  passed: Uint8Array,
): number[] {
  const x = points[2 * at]!;
  const y = points[2 * at + 1]!;
  const square = (i: number) => (points[2 * i]! - x) ** 2 + (points[2 * i + 1]! - y) ** 2;
  const wanted = others.map(square);
  const before = others.map(() => 0);
  for (let i = 0; i < points.length / 2; i++) {
    if (i === at || passed[i]) continue;
    const d = square(i);
    for (let k = 0; k < wanted.length; k++) if (d < wanted[k]!) before[k]! += 1;
  }
  return before;
}
