// Action Cable. The client is Rails' own JavaScript. Its server needs Ruby, so the server here answers as Rails 8 does.
import { WebSocket, WebSocketServer } from "ws";
import { httpServer, recorder, write } from "./proxy.mjs";

export async function record(versions) {
  globalThis.WebSocket = WebSocket;
  globalThis.self = globalThis;
  globalThis.document = { visibilityState: "visible", addEventListener() {}, removeEventListener() {} };
  globalThis.addEventListener ??= () => {};
  globalThis.removeEventListener ??= () => {};
  const { createConsumer, adapters } = await import("@rails/actioncable/app/assets/javascripts/actioncable.esm.js");
  adapters.WebSocket = WebSocket;
  const { server, url } = await httpServer();
  new WebSocketServer({ server, handleProtocols: () => "actioncable-v1-json" }).on("connection", serve);
  const proxy = await recorder(url);
  const consumer = createConsumer(`${proxy.url}/cable`);
  const arrived = new Promise((resolve) => {
    const room = consumer.subscriptions.create({ channel: "ChatChannel", room: "lobby" }, {
      connected: () => room.perform("speak", { text: "hi", id: 7 }),
      received: resolve,
    });
  });
  consumer.subscriptions.create("SecretChannel", {});
  await arrived;
  await new Promise((resolve) => setTimeout(resolve, 300));
  consumer.subscriptions.subscriptions.forEach((subscription) => subscription.unsubscribe());
  await new Promise((resolve) => setTimeout(resolve, 100));
  consumer.disconnect();
  write("action-cable", versions("@rails/actioncable"), proxy.connections[0]);
  proxy.close();
  server.closeAllConnections();
  server.close();
}

function serve(ws) {
  const send = (message) => ws.send(JSON.stringify(message));
  send({ type: "welcome" });
  send({ type: "ping", message: Math.floor(Date.now() / 1000) });
  ws.on("message", (data) => {
    const { command, identifier, data: sent } = JSON.parse(data);
    if (command === "subscribe") {
      send({ identifier, type: identifier.includes("Secret") ? "reject_subscription" : "confirm_subscription" });
    } else if (command === "message") {
      send({ identifier, message: { text: JSON.parse(sent).text, from: "ann" } });
    }
  });
}
