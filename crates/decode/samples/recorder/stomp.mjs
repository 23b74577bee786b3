// STOMP: subscribe, send, receipts, a transaction, heartbeats, and a binary body.
import { Client } from "@stomp/stompjs";
import Broker from "stomp-broker-js";
import { WebSocket } from "ws";
import { httpServer, recorder, write } from "./proxy.mjs";

export async function record(versions) {
  const { server, url } = await httpServer();
  const broker = new Broker({ server, path: "/stomp", heartbeat: [150, 150] });
  const proxy = await recorder(url);
  const client = new Client({
    webSocketFactory: () => new WebSocket(`${proxy.url}/stomp`, ["v12.stomp", "v11.stomp", "v10.stomp"]),
    heartbeatIncoming: 150, heartbeatOutgoing: 150, reconnectDelay: 0, connectHeaders: { login: "ann" },
  });
  await new Promise((resolve) => {
    client.onConnect = resolve;
    client.activate();
  });
  const subscribed = new Promise((resolve) => broker.once("subscribe", resolve));
  const arrived = new Promise((resolve) => {
    let count = 0;
    client.subscribe("/topic/room", () => ++count === 3 && resolve());
  });
  client.publish({ destination: "/topic/room", body: "hello: world", headers: { "x-note": "a:b" } });
  client.publish({ destination: "/topic/room", body: JSON.stringify({ id: 7, text: "hi" }), headers: { "content-type": "application/json" } });
  client.publish({ destination: "/topic/room", binaryBody: new Uint8Array([1, 0, 2]) });
  await subscribed;
  // The broker sends nothing back to the client that published it.
  broker.send("/topic/room", { "message-id": "m-1" }, "from the server");
  broker.send("/topic/room", { "message-id": "m-2", "content-type": "application/json" }, JSON.stringify({ id: 8, text: "ho" }));
  broker.send("/topic/room", { "message-id": "m-3" }, "last");
  await Promise.race([arrived, new Promise((resolve) => setTimeout(resolve, 500))]);
  await new Promise((resolve) => setTimeout(resolve, 400));
  const done = new Promise((resolve) => (client.onDisconnect = resolve));
  client.deactivate();
  await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 500))]);
  write("stomp", versions("@stomp/stompjs", "stomp-broker-js"), proxy.connections[0]);
  proxy.close();
  server.closeAllConnections();
  server.close();
}
