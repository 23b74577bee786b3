const frame = Uint8Array.from(lab.given.frame.match(/../g), (pair) => parseInt(pair, 16));

const length = frame[1] & 0x7f;
const key = frame.slice(2, 6);
const payload = frame.slice(6, 6 + length).map((byte, index) => byte ^ key[index % 4]);
const decoded = {
  fin: (frame[0] & 0x80) !== 0,
  opcode: frame[0] & 0x0f,
  masked: (frame[1] & 0x80) !== 0,
  length,
  text: new TextDecoder().decode(payload),
};
console.log(decoded);

const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(JSON.stringify(decoded));
  socket.close();
};
