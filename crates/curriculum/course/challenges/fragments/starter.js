const fragments = 1; // TODO: how many were there? Run this, and look at the frames

const socket = new WebSocket(lab.url);
socket.onmessage = (event) => {
  socket.send(JSON.stringify({ text: event.data, fragments }));
  socket.close();
};
