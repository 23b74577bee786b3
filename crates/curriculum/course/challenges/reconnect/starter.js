async function connectOnce() {
  const socket = new WebSocket(lab.url);
  await new Promise((resolve) => (socket.onclose = resolve));
}

for (let round = 1; round <= 2; round += 1) {
  await connectOnce();
  for (let attempt = 0; attempt < 3; attempt += 1) {
    console.log("dropped");
    // TODO: wait before the next connection, longer each time, with a random part
    await connectOnce();
  }
}
