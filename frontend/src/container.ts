/** The binary that Python writes: a magic, a JSON header, and arrays. See README.md. */

export type Numbers =
  | Int8Array
  | Uint8Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

export interface Container {
  meta: Record<string, unknown>;
  arrays: Record<string, Numbers>;
}

interface Described {
  dtype: string;
  shape: number[];
  offset: number;
}

const MAGIC = "superscope 1\n";

const TYPES = {
  i1: Int8Array,
  u1: Uint8Array,
  u2: Uint16Array,
  i4: Int32Array,
  u4: Uint32Array,
  f4: Float32Array,
  f8: Float64Array,
};

/** Return the header and the arrays, which share the memory of `bytes`. */
export function parse(bytes: Uint8Array): Container {
  const text = new TextDecoder();
  if (text.decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) {
    throw new Error("this is no data of superscope's explorer, or of another version");
  }
  const at = bytes.byteOffset;
  const view = new DataView(bytes.buffer, at, bytes.byteLength);
  const length = view.getUint32(MAGIC.length, true);
  const first = MAGIC.length + 4;
  const header = JSON.parse(text.decode(bytes.subarray(first, first + length)));
  const arrays: Record<string, Numbers> = {};
  for (const [name, array] of Object.entries(header.arrays as Record<string, Described>)) {
    const Type = TYPES[array.dtype as keyof typeof TYPES];
    const count = array.shape.reduce((a, b) => a * b, 1);
    arrays[name] = new Type(bytes.buffer as ArrayBuffer, at + first + length + array.offset, count);
  }
  return { meta: header.meta, arrays };
}

/** Return the bytes of base64, by the browser's own decoder where it has one. */
export function decode(base64: string): Uint8Array {
  const native = (Uint8Array as unknown as { fromBase64?: (text: string) => Uint8Array })
    .fromBase64;
  if (native) return native.call(Uint8Array, base64);
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
