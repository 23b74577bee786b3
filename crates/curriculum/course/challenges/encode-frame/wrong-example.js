const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send("818537fa213d7f9f4d5158");
  socket.close();
};
