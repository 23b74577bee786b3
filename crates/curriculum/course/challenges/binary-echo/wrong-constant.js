const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(new Uint8Array(6));
  socket.send("0");
  socket.close();
};
