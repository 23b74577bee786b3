const socket = new WebSocket(lab.url);
socket.onmessage = (event) => {
  for (let fragments = 2; fragments <= 40; fragments += 1) socket.send(JSON.stringify({ text: event.data, fragments }));
  socket.close();
};
