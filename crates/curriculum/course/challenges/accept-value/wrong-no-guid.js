const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(btoa(String.fromCharCode(...lab.sha1(lab.given.key))));
  socket.close();
};
