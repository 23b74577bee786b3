const bytes = Uint8Array.from(lab.given.bytes.match(/../g), (pair) => parseInt(pair, 16));
const socket = new WebSocket(lab.url);
socket.onopen = () => socket.send(bytes);
socket.onmessage = (event) => {
  if (typeof event.data === "string") return socket.close();
  let sum = 0;
  for (const byte of new Uint8Array(event.data)) sum += byte;
  socket.send(String(sum));
};
