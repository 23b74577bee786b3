async function speak() {
  const socket = new WebSocket(lab.url, ["chat.v2", "chat.v1"]);
  await new Promise((resolve) => (socket.onopen = resolve));
  socket.send(`speaking ${socket.protocol}`);
  socket.close();
}
await speak();
