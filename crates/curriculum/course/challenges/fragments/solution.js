const fragments = 0; // Count the frames below, and write their number here.

const socket = new WebSocket(lab.url);
socket.onmessage = (event) => {
  socket.send(JSON.stringify({ text: event.data, fragments }));
  socket.close();
};
