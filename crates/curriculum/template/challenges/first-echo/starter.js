// `url` leads to the lab.
const socket = new WebSocket(url);
socket.onopen = () => {
  // Your turn.
};
