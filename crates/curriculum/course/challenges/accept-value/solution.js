const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const hash = lab.sha1(lab.given.key + GUID);
const accept = btoa(String.fromCharCode(...hash));

const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(accept);
  socket.close();
};
