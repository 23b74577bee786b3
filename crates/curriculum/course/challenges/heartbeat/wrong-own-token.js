const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
for (let n = 1; n <= 6; n += 1) {
  socket.send(JSON.stringify({ type: "ping", n, token: "deadbeef" }));
  await lab.sleep(400);
}
socket.close();
