async function connectOnce() {
  const socket = new WebSocket(lab.url);
  await new Promise((resolve) => (socket.onclose = resolve));
}

for (let attempt = 0; attempt < 5; attempt += 1) {
  await connectOnce();
  console.log("dropped");
  // TODO: wait before the next connection, longer each time, with a random part
}
