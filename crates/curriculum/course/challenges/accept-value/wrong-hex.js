const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const hash = lab.sha1(lab.given.key + GUID);
const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send([...hash].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
  socket.close();
};
