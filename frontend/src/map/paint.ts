/** Points as pixels. A quarter of a million take some milliseconds, without a GPU. */

import type { Look } from "./colors";
import type { Points, Projection } from "./plane";

/** Pixels of a disc about a point, with how much of each it covers, 1 to 255. */
interface Stamp {
  reach: number;
  cover: Uint8Array;
}

/** Return a disc of a radius in pixels. */
export function disc(radius: number): Stamp {
  const reach = Math.max(0, Math.ceil(radius - 0.5));
  const side = 2 * reach + 1;
  const cover = new Uint8Array(side * side);
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) {
      const edge = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(x, y)));
      cover[(y + reach) * side + x + reach] = Math.round(255 * edge);
    }
  }
  return { reach, cover };
}

/** Paint points on a ground; return how many are in the picture. */
export function paint(
  picture: { data: Uint32Array; width: number; height: number },
  ground: number,
  points: Points,
  { pixels, order }: Look,
  { scale, left, top }: Projection,
  radius: number,
): number {
  const { data, width, height } = picture;
  data.fill(ground);
  const { reach, cover } = disc(radius);
  const side = 2 * reach + 1;
  const covered = [...cover.keys()].filter((c) => cover[c]!);
  const shares = Uint16Array.from(covered, (c) => (cover[c] === 255 ? 256 : cover[c]!));
  const steps = Int32Array.from(
    covered,
    (c) => (Math.floor(c / side) - reach) * width + (c % side) - reach,
  );
  let seen = 0;
  for (let k = 0; k < order.length; k++) {
    const i = order[k]!;
    const x = Math.floor(scale * points[2 * i]! + left);
    const y = Math.floor(top - scale * points[2 * i + 1]!);
    // A disc that the edge cuts is left out, so that no pixel needs to be checked.
    if (!(x >= reach && x < width - reach && y >= reach && y < height - reach)) continue;
    seen += 1;
    const color = pixels[i]!;
    const middle = y * width + x;
    for (let c = 0; c < steps.length; c++) {
      const at = middle + steps[c]!;
      const share = shares[c]!;
      data[at] = share === 256 ? color : mixed(data[at]!, color, share);
    }
  }
  return seen;
}

/** Return a pixel over another, of which it covers `share` / 256: red and blue at once, and green. */
function mixed(below: number, above: number, share: number): number {
  const left = 256 - share;
  const ends = ((below & 0xff00ff) * left + (above & 0xff00ff) * share) >>> 8;
  const green = ((below & 0xff00) * left + (above & 0xff00) * share) >>> 8;
  return (0xff000000 | (ends & 0xff00ff) | (green & 0xff00)) >>> 0;
}

/** Return the radius of points: larger where they are few in the picture, or seen from close. */
export function radiusFor(rows: number, zoom: number, area: number): number {
  const apart = Math.sqrt(area / rows);
  return Math.min(5, Math.max(0.5, 0.28 * apart * Math.sqrt(zoom)));
}
