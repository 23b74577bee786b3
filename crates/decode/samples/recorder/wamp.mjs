// WAMP with JSON, MessagePack and CBOR: two clients of autobahn, a call, an error, a subscription and events.
//
// The router is xconn from PyPI: PYTHON names a Python that has the packages of requirements.txt.
import autobahn from "autobahn";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import { recorder, write } from "./proxy.mjs";

// autobahn uses the WebSocket that browsers and newer versions of Node have.
globalThis.WebSocket ??= WebSocket;

const { JSONSerializer, MsgpackSerializer, CBORSerializer } = autobahn.serializer;

export async function record(versions) {
  const router = spawn(process.env.PYTHON ?? "python3", [fileURLToPath(new URL("wamp_router.py", import.meta.url))], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = await once(router.stdout, "data");
    const url = `ws://127.0.0.1:${String(line).trim()}`;
    for (const [name, serializer] of [["json", JSONSerializer], ["msgpack", MsgpackSerializer], ["cbor", CBORSerializer]]) {
      await one(url, name, serializer, [...versions("autobahn"), "xconn 0.5.1"]);
    }
  } finally {
    router.kill();
  }
}

async function one(url, name, Serializer, packages) {
  const proxy = await recorder(url);
  const connect = () => new Promise((resolve, reject) => {
    const connection = new autobahn.Connection({
      url: `${proxy.url}/ws`, realm: "realm1", max_retries: 0, serializers: [new Serializer()],
    });
    connection.onopen = (session) => resolve({ connection, session });
    connection.onclose = (reason) => reject(new Error(reason));
    connection.open();
  });
  const { connection, session } = await connect();
  await session.register("com.example.add", ([a, b]) => a + b);
  await session.register("com.example.fail", () => {
    throw new autobahn.Error("com.example.error", ["no"]);
  });
  const arrived = new Promise((resolve) => session.subscribe("com.example.news", resolve));
  const second = await connect();
  await second.session.call("com.example.add", [2, 3]);
  await second.session.call("com.example.fail", [], { why: "test" }).catch(() => {});
  await second.session.call("com.example.missing").catch(() => {});
  await second.session.publish("com.example.news", ["hello"], { id: 7 }, { acknowledge: true });
  await arrived;
  for (const each of [second.connection, connection]) {
    const over = new Promise((resolve) => (each.onclose = resolve));
    each.close();
    await Promise.race([over, new Promise((resolve) => setTimeout(resolve, 300))]);
  }
  const [callee, caller] = proxy.connections;
  write(`wamp-${name}`, packages, { ...callee, messages: [...callee.messages, ...caller.messages] });
  proxy.close();
}
