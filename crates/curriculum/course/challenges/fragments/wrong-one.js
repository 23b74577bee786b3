const socket = new WebSocket(lab.url);
socket.onmessage = (event) => {
  socket.send(JSON.stringify({ text: event.data, fragments: 1 }));
  socket.close();
};
