function decode(hex) {
  const frame = Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
  const masked = (frame[1] & 0x80) !== 0;
  const length = frame[1] & 0x7f;
  const at = 2;
  let payload = frame.slice(at);
  if (masked) {
    const key = frame.slice(at, at + 4);
    payload = frame.slice(at + 4).map((byte, index) => byte ^ key[index % 4]);
  }
  return { fin: (frame[0] & 0x80) !== 0, opcode: frame[0] & 0x0f, masked, length, text: new TextDecoder().decode(payload) };
}

const decoded = lab.given.frames.split(" ").map(decode);

const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(JSON.stringify(decoded));
  socket.close();
};
