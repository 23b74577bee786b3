const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

// TODO: append the GUID to the key, hash with SHA-1, encode in base64
const accept = lab.given.key;

const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(accept);
  socket.close();
};
