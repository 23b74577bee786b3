const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send("[]");
  socket.close();
};
