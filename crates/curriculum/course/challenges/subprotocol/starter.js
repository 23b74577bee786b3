async function speak() {
  const socket = new WebSocket(lab.url); // TODO: offer chat.v2 and chat.v1
  await new Promise((resolve) => (socket.onopen = resolve));
  socket.send("speaking chat.v2"); // TODO: use the name that the server chose
  socket.close();
}

await speak();
await speak();
