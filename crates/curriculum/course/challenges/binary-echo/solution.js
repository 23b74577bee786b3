const socket = new WebSocket(lab.url);
socket.binaryType = "arraybuffer";

socket.onmessage = (event) => {
  const bytes = new Uint8Array(event.data);
  socket.send(bytes);
  socket.send(String(bytes.reduce((sum, byte) => sum + byte, 0)));
  socket.close();
};
