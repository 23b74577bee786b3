const fragments = 1; // TODO: run this, count the frames below, and write the number here

const socket = new WebSocket(lab.url);
socket.onmessage = (event) => {
  socket.send(JSON.stringify({ text: event.data, fragments }));
  socket.close();
};
