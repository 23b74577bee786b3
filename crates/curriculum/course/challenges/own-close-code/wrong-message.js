const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send("4001 gone for lunch");
  socket.close();
};
