const socket = new WebSocket(lab.url);
const first = socket.readyState;
await new Promise((resolve) => (socket.onopen = resolve));
socket.close(1000);
await new Promise((resolve) => (socket.onclose = resolve));
return [first, first + 1, first + 2, first + 3];
