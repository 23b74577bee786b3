// Records the messages of one connection: a WebSocket server that forwards everything to another one, on this machine.
import { createServer } from "node:http";
import { writeFileSync } from "node:fs";
import { WebSocket, WebSocketServer } from "ws";

/** Starts a recorder in front of the server at `target`, such as `ws://127.0.0.1:1234`. */
export async function recorder(target) {
  const connections = [];
  const server = createServer();
  const wss = new WebSocketServer({ noServer: true, handleProtocols: (_, { upstream }) => upstream.protocol || false });
  server.on("upgrade", (request, socket, head) => {
    const offered = request.headers["sec-websocket-protocol"]?.split(/\s*,\s*/) ?? [];
    const upstream = new WebSocket(target + request.url, offered, { perMessageDeflate: false });
    const record = { path: request.url, subprotocol: "", messages: [] };
    const early = [];
    upstream.on("error", () => socket.destroy());
    upstream.on("message", (data, binary) => early.push([data, binary]));
    upstream.once("open", () => {
      record.subprotocol = upstream.protocol;
      connections.push(record);
      request.upstream = upstream;
      wss.handleUpgrade(request, socket, head, (client) => {
        const forward = (from, to) => (data, binary) => {
          record.messages.push(message(from, data, binary));
          to.send(data, { binary });
        };
        upstream.removeAllListeners("message");
        for (const [data, binary] of early) forward("server", client)(data, binary);
        upstream.on("message", forward("server", client));
        client.on("message", forward("client", upstream));
        client.on("close", () => upstream.close());
        upstream.on("close", () => client.close());
      });
    });
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    url: `ws://127.0.0.1:${server.address().port}`,
    connections,
    close() {
      for (const client of wss.clients) client.terminate();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Starts an HTTP server for a WebSocket server to live in. */
export async function httpServer(handler) {
  const server = createServer(handler);
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { server, url: `ws://127.0.0.1:${server.address().port}` };
}

/** One message of a sample. */
export function message(from, data, binary) {
  return binary ? { from, base64: Buffer.from(data).toString("base64") } : { from, text: data.toString() };
}

/** Writes a sample: who spoke, and every message in order. */
export function write(name, packages, { path, subprotocol, messages }) {
  const text = JSON.stringify({ packages, path, subprotocol, messages }, null, 1);
  writeFileSync(new URL(`../golden/${name}.json`, import.meta.url), `${text}\n`);
  console.log(`${name}: ${messages.length} messages`);
}
