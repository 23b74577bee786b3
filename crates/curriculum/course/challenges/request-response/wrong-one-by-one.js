const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
const done = [];
for (const id of [1, 2, 3, 4, 5]) {
  const answered = new Promise((resolve) => (socket.onmessage = resolve));
  socket.send(JSON.stringify({ id, ask: "what time is it?" }));
  done.push(JSON.parse((await answered).data).token);
}
socket.send(JSON.stringify({ done }));
socket.close();
