const socket = new WebSocket(lab.url); // TODO: offer chat.v2 and chat.v1

socket.onopen = () => {
  socket.send(`speaking ${socket.protocol}`);
  socket.close();
};
