const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));

for (let beat = 1; beat <= 7; beat += 1) {
  await lab.sleep(620);
  socket.send(`beat ${beat}`);
}
socket.close();
