const canvas = new OffscreenCanvas(64, 64);
const pen = canvas.getContext("2d");
pen.fillStyle = "teal";
pen.fillRect(8, 8, 48, 48);
const image = await canvas.convertToBlob();

const socket = new WebSocket(lab.url);
socket.onopen = () => socket.send("an image"); // TODO
socket.onmessage = (event) => {
  // TODO: show it
  socket.close();
};
