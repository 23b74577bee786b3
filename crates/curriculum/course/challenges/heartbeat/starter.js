const socket = new WebSocket(lab.url);

let n = 0;
socket.onopen = () => {
  n += 1;
  socket.send(JSON.stringify({ type: "ping", n }));
  // TODO: send five more, each after the answer to the previous one and a pause, with the token of that answer
  socket.close();
};
