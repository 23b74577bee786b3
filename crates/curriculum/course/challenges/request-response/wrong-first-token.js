const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
const { data } = await new Promise((resolve) => {
  socket.onmessage = resolve;
  for (let id = 1; id <= 5; id += 1) socket.send(JSON.stringify({ id, ask: "what time is it?" }));
});
socket.send(JSON.stringify({ done: Array(5).fill(JSON.parse(data).token) }));
await lab.sleep(100);
socket.close();
