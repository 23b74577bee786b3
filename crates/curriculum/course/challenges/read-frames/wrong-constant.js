const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
for (let frame = 1; frame <= 13; frame += 1) {
  socket.send(JSON.stringify({ frame, opcode: 1, masked: false, length: 1000, sum: 100000 }));
}
socket.close();
