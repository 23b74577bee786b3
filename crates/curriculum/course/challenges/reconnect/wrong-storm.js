for (let attempt = 0; attempt < 5; attempt += 1) {
  const socket = new WebSocket(lab.url);
  await new Promise((resolve) => (socket.onclose = resolve));
}
