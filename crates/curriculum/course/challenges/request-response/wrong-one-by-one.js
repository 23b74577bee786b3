const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
for (const id of [1, 2, 3, 4, 5]) {
  await new Promise((resolve) => {
    socket.onmessage = resolve;
    socket.send(JSON.stringify({ id, ask: "what time is it?" }));
  });
}
socket.send(JSON.stringify({ done: 5 }));
socket.close();
