const frame = Uint8Array.from(lab.given.frame.match(/../g), (pair) => parseInt(pair, 16));
const key = frame.slice(2, 6);
const text = new TextDecoder().decode(frame.slice(6).map((byte, index) => byte ^ key[index % 4]));
const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(JSON.stringify({ fin: true, opcode: 1, masked: true, length: frame[1], text }));
  socket.close();
};
