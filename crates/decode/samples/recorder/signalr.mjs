// SignalR with JSON and MessagePack. The client is Microsoft's, and the server writes with the hub protocols of its packages.
import { HubConnectionBuilder, HttpTransportType, JsonHubProtocol, MessageType } from "@microsoft/signalr";
import { MessagePackHubProtocol } from "@microsoft/signalr-protocol-msgpack";
import { decode } from "@msgpack/msgpack";
import { WebSocket, WebSocketServer } from "ws";
import { httpServer, recorder, write } from "./proxy.mjs";

globalThis.WebSocket ??= WebSocket;

export async function record(versions) {
  for (const [name, protocol] of [["signalr-json", new JsonHubProtocol()], ["signalr-msgpack", new MessagePackHubProtocol()]]) {
    const { server, url } = await httpServer();
    new WebSocketServer({ server }).on("connection", (ws) => serve(ws, protocol));
    const proxy = await recorder(url);
    const connection = new HubConnectionBuilder()
      .withUrl(proxy.url.replace("ws", "http") + "/hub", { skipNegotiation: true, transport: HttpTransportType.WebSockets })
      .withHubProtocol(protocol)
      .withKeepAliveInterval(200)
      .configureLogging("none")
      .build();
    const arrived = new Promise((resolve) => connection.on("news", resolve));
    await connection.start();
    await connection.invoke("add", 2, 3);
    await connection.invoke("fail").catch(() => {});
    await connection.send("chat", { user: "ann", text: "hi" });
    await new Promise((resolve) => connection.stream("count", 2).subscribe({ next() {}, error: resolve, complete: resolve }));
    await arrived;
    await new Promise((resolve) => setTimeout(resolve, 500));
    await connection.stop();
    write(name, versions("@microsoft/signalr", "@microsoft/signalr-protocol-msgpack"), proxy.connections[0]);
    proxy.close();
    server.closeAllConnections();
    server.close();
  }
}

/** A hub with the methods add, fail, chat and count. */
function serve(ws, protocol) {
  const binary = protocol.transferFormat === 2;
  const send = (message) => ws.send(protocol.writeMessage(message), { binary });
  let opened = false;
  ws.on("message", (data) => {
    if (!opened) {
      opened = true;
      ws.send("{}\u001e", { binary });
      return;
    }
    // The packages are made for clients and do not parse StreamInvocation.
    for (const { type, invocationId, target, arguments: values } of binary ? packed(data) : json(data)) {
      if (type === MessageType.StreamInvocation) {
        for (let item = 0; item < values[0]; item++) send({ type: MessageType.StreamItem, invocationId, item, headers: {} });
        send({ type: MessageType.Completion, invocationId, headers: {} });
      } else if (type === MessageType.Invocation && target === "add") {
        send({ type: MessageType.Completion, invocationId, result: values[0] + values[1], headers: {} });
      } else if (type === MessageType.Invocation && target === "fail") {
        send({ type: MessageType.Completion, invocationId, error: "The method failed.", headers: {} });
      } else if (type === MessageType.Invocation) {
        send({ type: MessageType.Invocation, target: "news", arguments: values, headers: {} });
        send({ type: MessageType.Ping });
      }
    }
  });
}

function json(data) {
  return data.toString().split("\u001e").filter(Boolean).map((text) => JSON.parse(text));
}

/** Messages with a length before each. All of the samples are shorter than 128 bytes, which one byte holds. */
function packed(data) {
  const messages = [];
  for (let at = 0; at < data.length; at += data[at] + 1) {
    const [type, , invocationId, target, values] = decode(data.subarray(at + 1, at + 1 + data[at]));
    messages.push({ type, invocationId, target, arguments: values });
  }
  return messages;
}
