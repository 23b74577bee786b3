const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(btoa(String.fromCharCode(...lab.sha1(GUID + lab.given.key))));
  socket.close();
};
