const socket = new WebSocket(lab.url);

let n = 0;
socket.onopen = () => {
  n += 1;
  socket.send(JSON.stringify({ type: "ping", n }));
  // TODO: five more, each after its answer and a pause
  socket.close();
};
