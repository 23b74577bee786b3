const fragments = {{count}}; // counted in the frames below

const socket = new WebSocket(lab.url);
socket.onmessage = (event) => {
  socket.send(JSON.stringify({ text: event.data, fragments }));
  socket.close();
};
