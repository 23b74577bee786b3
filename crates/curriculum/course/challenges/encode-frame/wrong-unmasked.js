const text = new TextEncoder().encode(lab.given.text);
const frame = [0x81, text.length, ...text];
const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(frame.map((byte) => byte.toString(16).padStart(2, "0")).join(""));
  socket.close();
};
