const socket = new WebSocket(lab.url);
socket.onmessage = () => socket.send(JSON.stringify({ status: 400, accept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" }));
await new Promise((resolve) => (socket.onclose = resolve));
