const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(lab.given.key);
  socket.close();
};
