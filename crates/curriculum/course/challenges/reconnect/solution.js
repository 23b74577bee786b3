async function connectOnce() {
  const socket = new WebSocket(lab.url);
  await new Promise((resolve) => (socket.onclose = resolve));
}

for (let attempt = 0; attempt < 5; attempt += 1) {
  await connectOnce();
  if (attempt === 4) break;
  const wait = 200 * 2 ** attempt * (1 + Math.random());
  console.log(`dropped; reconnecting in ${Math.round(wait)} ms`);
  await lab.sleep(wait);
}
return "gave up";
