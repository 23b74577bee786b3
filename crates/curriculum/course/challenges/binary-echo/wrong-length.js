const socket = new WebSocket(lab.url);
socket.onmessage = (event) => {
  socket.send(event.data);
  socket.send(String(event.data.size));
  socket.close();
};
