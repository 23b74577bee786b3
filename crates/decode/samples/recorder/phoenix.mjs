// Phoenix channels. The client is Phoenix' own JavaScript. Its server needs Elixir, so the server here answers as
// lib/phoenix/socket/serializers of phoenix 1.8 does.
import { Socket } from "phoenix";
import { WebSocket, WebSocketServer } from "ws";
import { httpServer, recorder, write } from "./proxy.mjs";

globalThis.WebSocket = WebSocket;
globalThis.XMLHttpRequest ??= class {};

export async function record(versions) {
  for (const vsn of ["2.0.0", "1.0.0"]) {
    const { server, url } = await httpServer();
    new WebSocketServer({ server }).on("connection", (ws) => serve(ws, vsn));
    const proxy = await recorder(url);
    const encode = vsn === "1.0.0" ? { encode: (message, done) => done(JSON.stringify(message)), decode: (text, done) => done(JSON.parse(text)) } : {};
    const socket = new Socket(`${proxy.url}/socket`, { transport: WebSocket, vsn, heartbeatIntervalMs: 300, params: { token: "abc" }, ...encode });
    socket.connect();
    const channel = socket.channel("room:lobby", { name: "ann" });
    const pushed = (push) => new Promise((resolve) => push.receive("ok", resolve).receive("error", resolve));
    await pushed(channel.join());
    const news = new Promise((resolve) => channel.on("news", resolve));
    await pushed(channel.push("new_msg", { text: "hi", id: 7 }));
    if (vsn === "2.0.0") await pushed(channel.push("upload", new Uint8Array([1, 2, 3]).buffer));
    await news;
    await new Promise((resolve) => setTimeout(resolve, 500));
    await pushed(channel.leave());
    await new Promise((resolve) => socket.disconnect(resolve));
    write(vsn === "2.0.0" ? "phoenix-2" : "phoenix-1", versions("phoenix"), proxy.connections[0]);
    proxy.close();
    server.closeAllConnections();
    server.close();
  }
}

function serve(ws, vsn) {
  const send = (join_ref, ref, topic, event, payload) => {
    ws.send(JSON.stringify(vsn === "1.0.0" ? { topic, event, payload, ref } : [join_ref, ref, topic, event, payload]));
  };
  ws.on("message", (data, binary) => {
    if (binary) {
      const [, join, ref, topic] = data;
      const texts = data.subarray(5, 5 + join + ref + topic);
      // A reply has the kind 1 and the status in place of the event.
      ws.send(Buffer.concat([Buffer.from([1, join, ref, topic, 2]), texts, Buffer.from("ok"), Buffer.from([9, 9])]));
      ws.send(Buffer.concat([Buffer.from([2, 10, 4]), Buffer.from("room:lobbynews"), Buffer.from([7, 7, 7])]));
      return;
    }
    const message = JSON.parse(data);
    const [join, ref, topic, event] = vsn === "1.0.0" ? [null, message.ref, message.topic, message.event] : message;
    send(join, ref, topic, "phx_reply", { status: "ok", response: {} });
    if (event === "new_msg") send(null, null, topic, "news", { text: "hi", from: "ann" });
  });
}
