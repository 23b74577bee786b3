// GraphQL subscriptions with both protocols: graphql-ws (graphql-transport-ws) and subscriptions-transport-ws (graphql-ws).
import { buildSchema, execute, parse, subscribe } from "graphql";
import { createClient } from "graphql-ws";
import { useServer } from "graphql-ws/use/ws";
import transport from "subscriptions-transport-ws";
import { WebSocket, WebSocketServer } from "ws";
import { httpServer, recorder, write } from "./proxy.mjs";

const schema = buildSchema(`
  type Message { id: ID!, text: String! }
  type Query { hello(name: String): String }
  type Subscription { messageAdded(room: String!): Message }
`);
async function* messages({ room }) {
  yield { messageAdded: { id: "1", text: `hello ${room}` } };
  yield { messageAdded: { id: "2", text: "bye" } };
}
const roots = { query: { hello: ({ name }) => `Hello ${name}` }, subscription: { messageAdded: messages } };
const QUERY = "subscription OnMessage($room: String!) {\n  messageAdded(room: $room) { id text }\n}";

export async function record(versions) {
  await current(versions);
  await legacy(versions);
}

async function current(versions) {
  const { server, url } = await httpServer();
  const wss = new WebSocketServer({ server });
  useServer({ schema, roots }, wss);
  const proxy = await recorder(url);
  const client = createClient({
    url: `${proxy.url}/graphql`, webSocketImpl: WebSocket, lazy: false, keepAlive: 200, connectionParams: { token: "abc" },
  });
  const all = (payload) => new Promise((resolve) => {
    client.subscribe(payload, { next() {}, error: resolve, complete: resolve });
  });
  await all({ query: QUERY, variables: { room: "lobby" }, operationName: "OnMessage" });
  await all({ query: "{ hello(name: \"Ann\") }" });
  await all({ query: "{ nothing }" });
  await new Promise((resolve) => setTimeout(resolve, 300));
  await client.dispose();
  write("graphql-transport-ws", versions("graphql-ws", "graphql"), proxy.connections[0]);
  proxy.close();
  server.closeAllConnections();
  server.close();
}

async function legacy(versions) {
  const { server, url } = await httpServer();
  const rootValue = { ...roots.query, messageAdded: messages };
  transport.SubscriptionServer.create(
    { schema, execute, subscribe, rootValue, keepAlive: 150 }, { server, path: "/subscriptions" },
  );
  const proxy = await recorder(url);
  const client = new transport.SubscriptionClient(`${proxy.url}/subscriptions`, { reconnect: false }, WebSocket);
  const all = (query, variables) => new Promise((resolve) => {
    client.request({ query, variables }).subscribe({ next() {}, error: resolve, complete: resolve });
  });
  await all(QUERY, { room: "lobby" });
  await all("{ nothing }");
  const long = client.request({ query: parse(QUERY), variables: { room: "x" } }).subscribe({ next() {} });
  long.unsubscribe();
  await new Promise((resolve) => setTimeout(resolve, 300));
  client.close();
  write("graphql-ws", versions("subscriptions-transport-ws", "graphql"), proxy.connections[0]);
  proxy.close();
  server.closeAllConnections();
  server.close();
}
