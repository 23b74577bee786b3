async function speak() {
  const socket = new WebSocket(lab.url, ["chat.v1", "chat.v2"]);
  await new Promise((resolve) => (socket.onopen = resolve));
  socket.send(`speaking ${socket.protocol}`);
  socket.close();
}
await speak();
await speak();
