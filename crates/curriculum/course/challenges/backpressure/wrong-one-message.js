const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
socket.send(new Uint8Array(32 * 65536));
while (socket.bufferedAmount > 0) await lab.sleep(10);
socket.close();
