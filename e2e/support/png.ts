// Real images of a size that a test chooses. PNG, third edition, §5 and §11.
import { deflateSync } from "node:zlib";

const SIGNATURE = Buffer.from("89504e470d0a1a0a", "hex");
const TRUECOLOUR = 2;

/** A picture of `width` × `height` pixels of noise, which does not compress: about three bytes for each. */
export function noise(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, TRUECOLOUR], 8);
  const rows = Buffer.alloc((1 + width * 3) * height);
  let state = 1;
  for (let at = 0; at < rows.length; at++) {
    // The first byte of a row says how it is filtered: not.
    if (at % (1 + width * 3) === 0) continue;
    // Park and Miller's minimal generator: the same noise in each run.
    state = (state * 48_271) % 0x7fff_ffff;
    rows[at] = state >> 8;
  }
  return Buffer.concat([SIGNATURE, chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checked = Buffer.concat([Buffer.from(type), data]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(checked));
  return Buffer.concat([length, checked, sum]);
}

function crc32(bytes: Buffer): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
