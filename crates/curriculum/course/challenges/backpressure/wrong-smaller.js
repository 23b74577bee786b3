const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
for (let n = 0; n < 8; n += 1) socket.send(new Uint8Array(32768));
while (socket.bufferedAmount > 0) await lab.sleep(10);
socket.close();
