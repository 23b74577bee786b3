const piece = new Uint8Array(65536);
const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));

for (let n = 0; n < 32; n += 1) {
  socket.send(piece); // TODO: first wait until there is room
}
console.log("bufferedAmount:", socket.bufferedAmount);
while (socket.bufferedAmount > 0) await lab.sleep(10);
socket.close();
