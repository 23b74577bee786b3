function decode(hex) {
  const frame = Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
  return {
    fin: (frame[0] & 0x80) !== 0,
    opcode: 0, // TODO
    masked: false, // TODO
    length: 0, // TODO
    text: "", // TODO
  };
}

const decoded = lab.given.frames.split(" ").map(decode);
console.log(decoded);

const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(JSON.stringify(decoded));
  socket.close();
};
