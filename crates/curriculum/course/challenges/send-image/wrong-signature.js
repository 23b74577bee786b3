const canvas = new OffscreenCanvas(64, 64);
canvas.getContext("2d").fillRect(8, 8, 48, 48);
const image = await canvas.convertToBlob();
const socket = new WebSocket(lab.url);
// The first bytes of a PNG, without the rest.
socket.onopen = () => socket.send(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a));
socket.onmessage = (event) => {
  console.log(event.data);
  lab.show(image);
  socket.close();
};
