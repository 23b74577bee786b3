const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
for (let n = 0; n < 32; n += 1) {
  socket.send(new Uint8Array(65536));
  await lab.sleep(75);
}
await lab.sleep(500);
socket.close();
