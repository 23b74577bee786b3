const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
for (let beat = 0; beat < 21; beat += 1) {
  await lab.sleep(200);
  socket.send("beat");
}
socket.close();
