// `lab.url` is the URL of the lab.
const socket = new WebSocket(lab.url);
socket.onopen = () => {
  // TODO: send the text
};
