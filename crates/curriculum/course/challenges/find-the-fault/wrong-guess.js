const socket = new WebSocket(lab.url);
socket.onopen = () => socket.send("rsv2");
await new Promise((resolve) => (socket.onclose = resolve));
