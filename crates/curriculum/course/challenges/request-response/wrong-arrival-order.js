const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
const done = [];
socket.onmessage = (event) => {
  done.push(JSON.parse(event.data).token);
  if (done.length < 5) return;
  socket.send(JSON.stringify({ done }));
  socket.close();
};
for (let id = 1; id <= 5; id += 1) socket.send(JSON.stringify({ id, ask: "what time is it?" }));
