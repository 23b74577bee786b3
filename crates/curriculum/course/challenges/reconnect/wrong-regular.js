for (let attempt = 0; attempt < 5; attempt += 1) {
  const socket = new WebSocket(lab.url);
  await new Promise((resolve) => (socket.onclose = resolve));
  if (attempt < 4) await lab.sleep(300 * 2 ** attempt);
}
