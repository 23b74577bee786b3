// MQTT 3.1.1 and 5: connect with a will, subscribe, publish with each quality of service, unsubscribe, ping.
//
// The broker for 3.1.1 is aedes. npm has none for MQTT 5, so there the server answers with mqtt-packet, the codec of both.
import { Aedes } from "aedes";
import mqtt from "mqtt";
import packet from "mqtt-packet";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import { httpServer, recorder, write } from "./proxy.mjs";

export async function record(versions) {
  const broker = await Aedes.createBroker();
  await one("mqtt-3.1.1", 4, (stream) => broker.handle(stream), versions("mqtt", "aedes"));
  broker.close();
  await one("mqtt-5", 5, serve, versions("mqtt", "mqtt-packet"));
}

async function one(name, protocolVersion, handle, packages) {
  const { server, url } = await httpServer();
  new WebSocketServer({ server, handleProtocols: () => "mqtt" }).on("connection", (ws) => handle(streamOf(ws)));
  const proxy = await recorder(url);
  const five = protocolVersion === 5;
  // As in browsers, where mqtt.js sends what was written at once as one message. In Node.js it sends each field of a packet.
  const client = new mqtt.MqttClient(() => streamOf(new WebSocket(`${proxy.url}/mqtt`, ["mqtt"])), {
    protocolVersion, protocolId: "MQTT", clean: true, connectTimeout: 5000, resubscribe: false, clientId: "framescope-1", keepalive: 1, reconnectPeriod: 0, username: "ann", password: "secret",
    will: { topic: "gone", payload: "offline", qos: 1, ...(five && { properties: { willDelayInterval: 5 } }) },
    ...(five && { properties: { sessionExpiryInterval: 60, userProperties: { app: "samples" } } }),
  });
  await once(client, "connect");
  const subscription = { qos: 1, ...(five && { properties: { subscriptionIdentifier: 9 } }) };
  await client.subscribeAsync(["sensors/#", "chat"], subscription);
  const properties = { contentType: "application/json", messageExpiryInterval: 30, userProperties: { unit: "C" } };
  await client.publishAsync("sensors/temp", JSON.stringify({ celsius: 21.5, at: 7 }), { qos: 1, ...(five && { properties }) });
  await client.publishAsync("chat", "hello", { qos: 2 });
  await client.publishAsync("sensors/raw", Buffer.from([0, 1, 2, 255]), { retain: true });
  await client.unsubscribeAsync("chat");
  await new Promise((resolve) => setTimeout(resolve, 1600));
  await client.endAsync();
  write(name, packages, proxy.connections[0]);
  proxy.close();
  server.closeAllConnections();
  server.close();
}

/** A stream that sends what was written at once as one message. The codec writes each field of a packet separately. */
function streamOf(ws) {
  let pending = [];
  const flush = () => {
    if (ws.readyState === WebSocket.OPEN) ws.send(Buffer.concat(pending));
    pending = [];
  };
  const stream = new Duplex({
    read() {},
    write(bytes, _, done) {
      if (pending.push(bytes) === 1) ws.readyState === WebSocket.CONNECTING ? ws.once("open", flush) : setImmediate(flush);
      done();
    },
    final(done) {
      setImmediate(() => (ws.close(), done()));
    },
  });
  ws.on("message", (bytes) => stream.push(bytes));
  ws.on("close", () => stream.destroy());
  return stream;
}

/** A server of MQTT 5 for one client. */
function serve(stream) {
  const version = { protocolVersion: 5 };
  const send = (message) => packet.writeToStream(message, stream, version);
  const parser = packet.parser(version);
  stream.on("data", (bytes) => parser.parse(bytes));
  const answers = {
    connect: () => send({
      cmd: "connack", reasonCode: 0, sessionPresent: false,
      properties: { topicAliasMaximum: 10, assignedClientIdentifier: "framescope-1", serverKeepAlive: 1 },
    }),
    subscribe: ({ messageId, subscriptions }) => send({ cmd: "suback", messageId, granted: subscriptions.map(({ qos }) => qos) }),
    unsubscribe: ({ messageId }) => send({ cmd: "unsuback", messageId, granted: [0] }),
    publish(message) {
      const { messageId, qos, topic, payload, properties } = message;
      if (qos > 0) send({ cmd: qos === 1 ? "puback" : "pubrec", messageId, reasonCode: 0 });
      send({ cmd: "publish", topic, payload, qos: 0, properties: { ...properties, subscriptionIdentifier: 9 } });
    },
    pubrel: ({ messageId }) => send({ cmd: "pubcomp", messageId, reasonCode: 0 }),
    pingreq: () => send({ cmd: "pingresp" }),
  };
  parser.on("packet", (message) => answers[message.cmd]?.(message));
}
