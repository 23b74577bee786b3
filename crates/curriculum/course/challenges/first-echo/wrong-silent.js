const socket = new WebSocket(lab.url);
socket.onopen = () => {
  console.log("received: hello");
  socket.close();
};
