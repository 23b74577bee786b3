const MOST = 262144;
const piece = new Uint8Array(65536);
const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));

for (let n = 0; n < 32; n += 1) {
  while (socket.bufferedAmount + piece.length > MOST) await lab.sleep(5);
  socket.send(piece);
}
while (socket.bufferedAmount > 0) await lab.sleep(10);
socket.close();
