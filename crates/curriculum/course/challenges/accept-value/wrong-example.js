const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  socket.close();
};
