const sockets = Array.from({ length: 8 }, () => new WebSocket(lab.url));
await Promise.all(sockets.map((socket) => new Promise((resolve) => (socket.onclose = resolve))));
