const bytes = Uint8Array.from(lab.given.bytes.match(/../g), (pair) => parseInt(pair, 16));
const socket = new WebSocket(lab.url);

socket.onopen = () => socket.send(lab.given.bytes); // TODO: this sends text
socket.onmessage = (event) => {
  console.log("received:", event.data);
  // TODO: add up the received bytes, and send the sum as text
  socket.close();
};
