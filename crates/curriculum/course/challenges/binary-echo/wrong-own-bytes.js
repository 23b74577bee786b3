const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6);
const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(bytes);
  socket.send(String(bytes.reduce((sum, byte) => sum + byte, 0)));
  socket.close();
};
