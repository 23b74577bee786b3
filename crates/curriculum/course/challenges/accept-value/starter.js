const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

// TODO: key and GUID, SHA-1, base64
const accept = lab.given.key;

const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(accept);
  socket.close();
};
