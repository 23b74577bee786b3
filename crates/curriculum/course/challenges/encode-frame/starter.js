const text = new TextEncoder().encode(lab.given.text);
const key = Uint8Array.from(lab.given.key.match(/../g), (pair) => parseInt(pair, 16));

const frame = [0x81, text.length, ...text]; // TODO: set the mask bit, add the key, mask the payload

const hex = frame.map((byte) => byte.toString(16).padStart(2, "0")).join("");
console.log(hex);

const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(hex);
  socket.close();
};
