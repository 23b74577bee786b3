// Runs a learner's code in Node, with the WebSocket of the package `ws`: what a browser's page is not needed for takes a moment.
import { createHash } from "node:crypto";

import WebSocket, { type ClientOptions } from "ws";

import type { WrittenChallenge } from "./written-challenges.ts";

/** How long a connection may take to close once the code is done, in milliseconds. */
const CLOSING = 500;
/** How much longer than in the page a run may take: many run at the same time. */
const PATIENCE = 20_000;

type Main = (lab: object, socket: unknown, console: object) => Promise<unknown>;
const AsyncFunction = (async () => {}).constructor as new (...lines: string[]) => Main;

/** Runs `code` until it is done, has thrown, or its time is up. No connection stays open. */
export async function runInNode(code: string, challenge: WrittenChallenge, url: string, given: Record<string, string>): Promise<void> {
  const sockets = new Set<WebSocket>();
  let idle = () => {};
  class Watched extends WebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(address, protocols, { perMessageDeflate: true } satisfies ClientOptions);
      // As in a browser. The types of `ws` do not know it yet.
      (this as { binaryType: string }).binaryType = "blob";
      sockets.add(this);
      this.on("error", () => {});
      this.on("close", () => {
        sockets.delete(this);
        if (sockets.size === 0) idle();
      });
    }
  }
  const lab = {
    url,
    given,
    sha1: (data: string | Uint8Array) => new Uint8Array(createHash("sha1").update(data).digest()),
    sleep: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
  const silent = { log() {}, info() {}, warn() {}, error() {} };
  const allClosed = () => new Promise<void>((resolve) => (sockets.size === 0 ? resolve() : (idle = resolve)));
  // Handlers may go on after the code itself is done. A socket that only waits for the server's close frame does not.
  const done = async () => {
    await new AsyncFunction("lab", "WebSocket", "console", code)(lab, Watched, silent);
    while ([...sockets].some(({ readyState }) => readyState < WebSocket.CLOSING)) {
      await Promise.race([allClosed(), lab.sleep(50)]);
    }
    await Promise.race([allClosed(), lab.sleep(CLOSING)]);
  };
  // As in the page, code that throws ends its run.
  await Promise.race([done().catch(() => {}), lab.sleep(challenge.limit + PATIENCE)]);
  for (const socket of sockets) socket.close(1001);
  await Promise.race([allClosed(), lab.sleep(CLOSING)]);
  for (const socket of sockets) socket.terminate();
  await allClosed();
}
