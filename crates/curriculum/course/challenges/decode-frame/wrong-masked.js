const frame = Uint8Array.from(lab.given.frame.match(/../g), (pair) => parseInt(pair, 16));
const decoded = { fin: true, opcode: frame[0] & 0x0f, masked: true, length: frame[1] & 0x7f, text: "" };
decoded.text = new TextDecoder().decode(frame.slice(6));
const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(JSON.stringify(decoded));
  socket.close();
};
