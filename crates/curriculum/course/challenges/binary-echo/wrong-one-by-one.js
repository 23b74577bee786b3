const socket = new WebSocket(lab.url);
socket.binaryType = "arraybuffer";
socket.onmessage = (event) => {
  const bytes = new Uint8Array(event.data);
  for (const byte of bytes) socket.send(Uint8Array.of(byte));
  socket.send(String(bytes.reduce((sum, byte) => sum + byte, 0)));
  socket.close();
};
