const frame = Uint8Array.from(lab.given.frame.match(/../g), (pair) => parseInt(pair, 16));

const decoded = {
  fin: (frame[0] & 0x80) !== 0,
  opcode: 0, // TODO
  masked: false, // TODO
  length: 0, // TODO
  text: "", // TODO
};
console.log(decoded);

const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(JSON.stringify(decoded));
  socket.close();
};
