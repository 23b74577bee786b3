const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
for (let n = 1; n <= 6; n += 1) {
  socket.send(JSON.stringify({ type: "ping", n }));
  await lab.sleep(1000);
}
socket.close();
