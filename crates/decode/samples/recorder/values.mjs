// Values without a protocol, by encoders of npm: MessagePack, CBOR, gzip and zlib.
import { encode } from "@msgpack/msgpack";
import { encode as encodeCbor } from "cborg";
import { deflateSync, gzipSync } from "node:zlib";
import { message, write } from "./proxy.mjs";

const VALUE = {
  type: "chat", id: 7, text: "Grüße ☃", at: new Date("2026-11-30T12:00:00.5Z"), ok: true, none: null,
  ratio: 0.25, large: 2n ** 53n, below: -70000, bytes: new Uint8Array([1, 2, 3]), list: [1, -1, 300, "x".repeat(40)],
};

export async function record(versions) {
  const sample = (...binaries) => ({
    path: "/", subprotocol: "", messages: binaries.map((bytes) => message("client", bytes, true)),
  });
  write("msgpack-js", versions("@msgpack/msgpack"), sample(encode(VALUE, { useBigInt64: true }), encode([1, [2, [3]]])));
  // cborg encodes no dates.
  const { at, ...rest } = VALUE;
  write("cbor-js", versions("cborg"), sample(encodeCbor({ ...rest, at: at.toISOString() }), encodeCbor([1, [2, [3]]])));
  const json = JSON.stringify({ event: "compressed", id: 9, text: "again and again ".repeat(20) });
  write("compressed", [`node ${process.version}`], sample(gzipSync(json), deflateSync(json), gzipSync("plain text\n"), gzipSync(encode(VALUE, { useBigInt64: true }))));
}
