const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
for (let id = 1; id <= 5; id += 1) socket.send(JSON.stringify({ id, ask: "what time is it?" }));
socket.send(JSON.stringify({ done: [1, 2, 3, 4, 5] }));
socket.onmessage = () => socket.close();
