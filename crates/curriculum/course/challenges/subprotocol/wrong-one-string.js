const socket = new WebSocket(lab.url, "chat.v2");
socket.onopen = () => {
  socket.send(`speaking ${socket.protocol}`);
  socket.close();
};
