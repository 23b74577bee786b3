const bytes = Uint8Array.from(lab.given.bytes.match(/../g), (pair) => parseInt(pair, 16));
const socket = new WebSocket(lab.url);
socket.binaryType = "arraybuffer";

socket.onopen = () => socket.send(bytes);
socket.onmessage = (event) => {
  if (typeof event.data === "string") return socket.close();
  const sum = new Uint8Array(event.data).reduce((sum, byte) => sum + byte, 0);
  socket.send(String(sum));
};
