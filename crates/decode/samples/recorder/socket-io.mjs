// Socket.IO over WebSocket: events, acknowledgements, a namespace, binary attachments, a refused namespace.
import { Server } from "socket.io";
import { io } from "socket.io-client";
import { httpServer, recorder, write } from "./proxy.mjs";

const once = (socket, event) => new Promise((resolve) => socket.once(event, resolve));

export async function record(versions) {
  const { server, url } = await httpServer();
  const hub = new Server(server, { pingInterval: 400, pingTimeout: 1000 });
  hub.on("connection", (socket) => {
    socket.on("chat", (text, answer) => answer({ stored: true, length: text.length }));
    socket.on("upload", (name, bytes) => socket.emit("uploaded", name, bytes, Buffer.from([1, 2, 3])));
  });
  hub.of("/admin").on("connection", (socket) => socket.emit("welcome", { users: 3, names: ["ann", "bob"] }));
  hub.of("/secret").use((_, next) => next(new Error("not authorized")));
  const proxy = await recorder(url);
  const options = { transports: ["websocket"], reconnection: false };
  const socket = io(proxy.url.replace("ws", "http"), options);
  await once(socket, "connect");
  await socket.emitWithAck("chat", "Grüße ☃");
  const uploaded = once(socket, "uploaded");
  socket.emit("upload", "photo.bin", Buffer.from([0xde, 0xad, 0xbe, 0xef]));
  await uploaded;
  const admin = socket.io.socket("/admin");
  admin.connect();
  await once(admin, "welcome");
  const secret = socket.io.socket("/secret");
  secret.connect();
  await once(secret, "connect_error");
  await once(socket.io.engine, "ping");
  await once(socket.io.engine, "heartbeat").catch(() => {});
  admin.disconnect();
  socket.disconnect();
  await new Promise((resolve) => setTimeout(resolve, 100));
  write("socket-io", versions("socket.io", "socket.io-client"), proxy.connections[0]);
  proxy.close();
  hub.close();
}
