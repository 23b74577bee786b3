const bytes = Uint8Array.from(lab.given.bytes.match(/../g), (pair) => parseInt(pair, 16));
const socket = new WebSocket(lab.url);

socket.onopen = () => socket.send(lab.given.bytes); // TODO: this is text
socket.onmessage = (event) => {
  console.log("came back:", event.data);
  // TODO: add up the bytes that came, and send the sum as text
  socket.close();
};
