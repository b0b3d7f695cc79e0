/** The picture of a map: points, and over them what is chosen, what is near, and some names. */

import { type Look, pixel, type Rgb } from "./colors";
import { paint, radiusFor } from "./paint";
import { type Box, type Points, type Projection, project, type Window } from "./plane";

export interface Scene {
  points: Points;
  look: Look;
  box: Box;
  seen: Window;
  /** Chosen rows; the last one leads. */
  chosen: number[];
  /** Rows to be seen among all others. */
  marked: readonly number[];
  /** The rows nearest to the last chosen one, by search. */
  near: number[];
  /** The row under the pointer, or nearest to the middle. */
  pointed: number | null;
  /** Whether the middle is marked, for who moves by keyboard. */
  middle: boolean;
  /** Rows by how much they are worth a name. */
  named: ArrayLike<number> & Iterable<number>;
  name(at: number): string;
}

export interface Colors {
  page: Rgb;
  text: string;
  ground: string;
  accent: string;
}

const FONT = "12px system-ui, sans-serif";
const LINE = 15; // pixels a name is high
const CELL = { width: 130, height: 64 }; // pixels, of which each has room for one name
const TRIED = 3; // names tried in a cell
const LONGEST = 22; // letters of a name

/** Draw a scene on a canvas of some CSS pixels; return how many points are in the picture. */
export function draw(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  colors: Colors,
  scene: Scene,
): number {
  const ratio = Math.min(2, devicePixelRatio || 1);
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const context = canvas.getContext("2d", { alpha: false })!;
  const image = context.createImageData(w, h);
  const radius = radiusFor(scene.points.length / 2, scene.seen.zoom, width * height) * ratio;
  const seen = paint(
    { data: new Uint32Array(image.data.buffer), width: w, height: h },
    pixel(colors.page),
    scene.points,
    scene.look,
    project(scene.box, scene.seen, w, h),
    radius,
  );
  context.putImageData(image, 0, 0);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  marks(context, width, height, colors, scene, project(scene.box, scene.seen, width, height));
  context.setTransform(1, 0, 0, 1, 0, 0);
  return seen;
}

function marks(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  colors: Colors,
  scene: Scene,
  { scale, left, top }: Projection,
) {
  const at = (i: number): [number, number] => [
    scale * scene.points[2 * i]! + left,
    top - scale * scene.points[2 * i + 1]!,
  ];
  const leading = scene.chosen.at(-1);
  context.strokeStyle = colors.accent;
  context.lineWidth = 1.25;
  if (leading !== undefined) {
    context.beginPath();
    for (const i of scene.near) {
      context.moveTo(...at(leading));
      context.lineTo(...at(i));
    }
    context.stroke();
  }
  const ring = (i: number, radius: number, color: string, line: number) => {
    for (const [stroke, thick] of [
      [colors.ground, line + 2],
      [color, line],
    ] as const) {
      context.beginPath();
      context.arc(...at(i), radius, 0, 2 * Math.PI);
      context.strokeStyle = stroke;
      context.lineWidth = thick;
      context.stroke();
    }
  };
  for (const i of scene.marked) ring(i, 3, colors.text, 1.5);
  for (const i of scene.near) ring(i, 4, colors.accent, 1.5);
  for (const i of scene.chosen) ring(i, 7, colors.accent, 2.5);
  if (scene.pointed !== null) ring(scene.pointed, 7, colors.text, 2);
  if (scene.middle) {
    context.strokeStyle = colors.text;
    context.lineWidth = 1;
    context.strokeRect(width / 2 - 12, height / 2 - 12, 24, 24);
  }
  names(context, width, height, colors, scene, at);
}

/** Write names beside points, where there is room: of what is chosen, of what is near, of others. */
function names(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  colors: Colors,
  scene: Scene,
  at: (i: number) => [number, number],
) {
  context.font = FONT;
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.direction = "ltr";
  const taken: [number, number, number][] = [];
  const free = (x: number, y: number, long: number) =>
    taken.every(([a, b, c]) => Math.abs(y - b) >= LINE || x > a + c || x + long < a);
  const write = (i: number, color: string): boolean => {
    const [px, y] = at(i);
    if (!(px >= 0 && px < width && y >= LINE / 2 && y < height - LINE / 2)) return false;
    const whole = scene.name(i);
    const text = whole.length > LONGEST ? `${whole.slice(0, LONGEST)}…` : whole;
    const long = context.measureText(text).width;
    let x = px + 9;
    if (x + long > width) x = px - 9 - long;
    if (x < 0 || !free(x, y, long)) return false;
    taken.push([x, y, long]);
    context.strokeStyle = colors.ground;
    context.lineWidth = 4;
    context.strokeText(text, x, y);
    context.fillStyle = color;
    context.fillText(text, x, y);
    return true;
  };
  for (const i of [...scene.chosen].reverse()) write(i, colors.accent);
  for (const i of scene.near) write(i, colors.accent);
  const across = Math.ceil(width / CELL.width);
  const tries = new Uint8Array(across * Math.ceil(height / CELL.height));
  for (const i of scene.named) {
    const [x, y] = at(i);
    if (!(x >= 0 && x < width && y >= 0 && y < height)) continue;
    const cell = Math.floor(y / CELL.height) * across + Math.floor(x / CELL.width);
    if (tries[cell]! >= TRIED) continue;
    tries[cell] = write(i, colors.text) ? TRIED : tries[cell]! + 1;
  }
}
