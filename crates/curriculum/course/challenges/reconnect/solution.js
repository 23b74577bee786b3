async function connectOnce() {
  const socket = new WebSocket(lab.url);
  await new Promise((resolve) => (socket.onclose = resolve));
}

for (let round = 1; round <= 2; round += 1) {
  await connectOnce();
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const wait = 200 * 2 ** attempt * (1 + Math.random());
    console.log(`dropped; reconnecting in ${Math.round(wait)} ms`);
    await lab.sleep(wait);
    await connectOnce();
  }
}
return "gave up";
