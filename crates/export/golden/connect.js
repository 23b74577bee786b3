const socket = new WebSocket("ws://127.0.0.1:8080/echo", ["chat"]);
const messages = ["Hello"];
let answers = 0;

socket.binaryType = "arraybuffer";
socket.onopen = () => {
  console.log("open", socket.protocol);
  messages.forEach((message) => socket.send(message));
};
socket.onmessage = ({ data }) => {
  if (typeof data === "string") console.log("text", data);
  else console.log("binary", new Uint8Array(data));
  if (++answers === messages.length) socket.close(1000);
};
socket.onclose = ({ code, reason }) => console.log("closed", code, reason);
