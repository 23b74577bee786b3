const canvas = new OffscreenCanvas(64, 64);
const pen = canvas.getContext("2d");
pen.fillStyle = "teal";
pen.fillRect(8, 8, 48, 48);
const image = await canvas.convertToBlob();

const socket = new WebSocket(lab.url);
socket.onopen = () => socket.send("an image"); // TODO: send the image
socket.onmessage = (event) => {
  // TODO: show the received image
  socket.close();
};
