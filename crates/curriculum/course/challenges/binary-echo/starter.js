const socket = new WebSocket(lab.url);

socket.onmessage = (event) => {
  console.log("received:", event.data);
  socket.send(String(event.data)); // TODO: this sends text; send the six bytes
  // TODO: add up the bytes, and send the sum as text
  socket.close();
};
