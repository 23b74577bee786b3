const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(JSON.stringify({ login: lab.given.token }));
  lab.given.words.split(" ").forEach((say, index) => socket.send(JSON.stringify({ n: index + 1, say })));
};
await new Promise((resolve) => (socket.onclose = resolve));
