const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
const done = [];
socket.onmessage = (event) => {
  done.push(JSON.parse(event.data).token);
  if (done.length < 5) return;
  socket.send(JSON.stringify({ done }));
  socket.close();
};
for (let n = 0; n < 5; n += 1) socket.send(JSON.stringify({ id: 1, ask: "what time is it?" }));
