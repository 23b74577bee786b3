const canvas = new OffscreenCanvas(64, 64);
canvas.getContext("2d").fillRect(8, 8, 48, 48);
const image = await canvas.convertToBlob();
const socket = new WebSocket(lab.url);
lab.show(image);
socket.onopen = () => socket.close();
