const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const hash = lab.sha1(atob(lab.given.key) + GUID);
const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(btoa(String.fromCharCode(...hash)));
  socket.close();
};
