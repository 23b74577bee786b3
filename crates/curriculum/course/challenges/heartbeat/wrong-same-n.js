const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
for (let beat = 1; beat <= 6; beat += 1) {
  const answered = new Promise((resolve) => (socket.onmessage = resolve));
  socket.send(JSON.stringify({ type: "ping", n: 1 }));
  await answered;
  await lab.sleep(300);
}
socket.close();
