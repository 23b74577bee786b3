const socket = new WebSocket(lab.url);
socket.onopen = () => socket.close(1000);
await new Promise((resolve) => (socket.onclose = resolve));
return [0, 1, 2, 3];
