function decode(hex) {
  const frame = Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
  const masked = (frame[1] & 0x80) !== 0;
  let length = frame[1] & 0x7f;
  let at = 2;
  if (length === 126) {
    length = frame[2] * 256 + frame[3];
    at = 4;
  }
  const payload = frame.slice(at);
  return { fin: (frame[0] & 0x80) !== 0, opcode: frame[0] & 0x0f, masked, length, text: new TextDecoder().decode(payload) };
}

const decoded = lab.given.frames.split(" ").map(decode);

const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(JSON.stringify(decoded));
  socket.close();
};
