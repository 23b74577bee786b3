// Runs JavaScript of challenges against a relay, several at the same time: node --experimental-websocket run.mjs AT_ONCE < ATTEMPTS
//
// ATTEMPTS is JSON: a list of { url, given, code, limit, alone }. Each attempt ends with its code or at its limit, in
// milliseconds. Those that must be fast run alone, before the others.
// The last line of the output is a JSON list of what each attempt threw, or null.
import { createHash } from "node:crypto";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

/** How many attempts run at the same time. Most of them wait. */
const AT_ONCE = Number(process.argv[2]);
const AsyncFunction = (async () => {}).constructor;
// A handler that throws ends its own attempt only.
process.on("uncaughtException", () => {});
const quiet = { log() {}, warn() {}, error() {} };

async function run({ url, given, code, limit }) {
  const sockets = [];
  class Socket extends WebSocket {
    constructor(...parameters) {
      super(...parameters);
      sockets.push(this);
      // After a failed handshake, Node has no close event, but a browser has one.
      this.addEventListener("error", () => this.readyState === 0 && this.dispatchEvent(new Event("close")));
    }
  }
  const sha1 = (data) => new Uint8Array(createHash("sha1").update(data).digest());
  const lab = { url, given, sleep, sha1 };
  try {
    const body = new AsyncFunction("lab", "WebSocket", "console", code);
    await Promise.race([body(lab, Socket, quiet), sleep(limit)]);
    // The code may return before its sockets have closed.
    const closed = (socket) => socket.readyState === 3 || new Promise((resolve) => socket.addEventListener("close", resolve));
    await Promise.race([Promise.all(sockets.map(closed)), sleep(1000)]);
    return null;
  } catch (error) {
    return String(error);
  } finally {
    for (const socket of sockets) if (socket.readyState < 2) socket.close();
  }
}

const attempts = JSON.parse(await text(process.stdin));
const threw = [];
const queue = [...attempts.keys()].sort((a, b) => attempts[b].alone - attempts[a].alone);
while (attempts[queue[0]]?.alone) {
  const index = queue.shift();
  threw[index] = await run(attempts[index]);
}
async function work() {
  for (let index = queue.shift(); index !== undefined; index = queue.shift()) threw[index] = await run(attempts[index]);
}
await Promise.all(Array.from({ length: AT_ONCE }, work));
console.log(JSON.stringify(threw));
process.exit(0);
