const canvas = new OffscreenCanvas(64, 64);
canvas.getContext("2d").fillRect(8, 8, 48, 48);
const image = await canvas.convertToBlob();
const socket = new WebSocket(lab.url);
socket.onopen = () => socket.send(image);
socket.onmessage = () => {
  lab.show(image);
  socket.close();
};
