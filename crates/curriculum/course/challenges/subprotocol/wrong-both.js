async function speak() {
  const socket = new WebSocket(lab.url, ["chat.v2", "chat.v1"]);
  await new Promise((resolve) => (socket.onopen = resolve));
  socket.send("speaking chat.v2, chat.v1");
  socket.close();
}
await speak();
await speak();
