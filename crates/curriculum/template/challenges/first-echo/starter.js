// `lab.url` leads to the lab.
const socket = new WebSocket(lab.url);
socket.onopen = () => {
  // Your turn.
};
