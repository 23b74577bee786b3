async function say(name) {
  const socket = new WebSocket(lab.url);
  socket.onopen = () => socket.send(name);
  socket.onmessage = () => socket.close();
  await new Promise((resolve) => (socket.onclose = resolve));
}
for (let n = 0; n < 6; n += 1) await say("rsv1");
