const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
socket.close();
