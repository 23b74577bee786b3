const socket = new WebSocket(lab.url);
socket.binaryType = "arraybuffer";
socket.onmessage = (event) => {
  const bytes = new Uint8Array(event.data);
  socket.send(Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""));
  socket.close();
};
