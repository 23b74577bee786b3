// JSON-RPC 2.0: calls, a notification, an error, and a batch.
import { Client, Server } from "rpc-websockets";
import { WebSocket } from "ws";
import { httpServer, recorder, write } from "./proxy.mjs";

export async function record(versions) {
  const { server, url } = await httpServer();
  const hub = new Server({ server });
  hub.register("add", ([a, b]) => a + b);
  hub.event("news");
  const proxy = await recorder(url);
  const client = new Client(`${proxy.url}/`, { reconnect: false });
  await new Promise((resolve) => client.on("open", resolve));
  await client.call("add", [2, 3]);
  await client.call("nothing", { a: 1 }).catch(() => {});
  await client.subscribe("news");
  const arrived = new Promise((resolve) => client.on("news", resolve));
  hub.emit("news", { id: 7, text: "hi" });
  await arrived;
  await client.notify("log", ["done"]);
  client.close();
  // The client has no batches; the server has.
  await new Promise((resolve) => {
    const raw = new WebSocket(`${proxy.url}/`);
    const add = (id) => ({ jsonrpc: "2.0", method: "add", params: [id, 1], id });
    raw.on("open", () => raw.send(JSON.stringify([add(1), add(2)])));
    raw.on("message", () => raw.close());
    raw.on("close", resolve);
  });
  const [first, second] = proxy.connections;
  write("json-rpc", versions("rpc-websockets"), { ...first, messages: [...first.messages, ...second.messages] });
  proxy.close();
  await hub.close().catch(() => {});
}
