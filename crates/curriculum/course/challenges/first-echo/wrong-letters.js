const socket = new WebSocket(lab.url);
socket.onopen = () => {
  for (const letter of "hello") socket.send(letter);
  socket.close();
};
