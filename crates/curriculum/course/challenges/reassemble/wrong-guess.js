const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
socket.send(JSON.stringify({ pong: "amber anchor basil" }));
for (let message = 1; message <= 3; message += 1) socket.send(JSON.stringify({ message, text: "café naïve" }));
await new Promise((resolve) => (socket.onclose = resolve));
