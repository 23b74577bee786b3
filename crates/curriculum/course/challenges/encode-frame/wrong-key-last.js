const text = new TextEncoder().encode(lab.given.text);
const key = Uint8Array.from(lab.given.key.match(/../g), (pair) => parseInt(pair, 16));
const frame = [0x81, 0x80 | text.length, ...text.map((byte, index) => byte ^ key[index % 4]), ...key];
const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(frame.map((byte) => byte.toString(16).padStart(2, "0")).join(""));
  socket.close();
};
