async function join(room) {
  const socket = new WebSocket(lab.url);
  socket.onopen = () => socket.send(JSON.stringify({ join: room, try: 1 }));
  const { code } = await new Promise((resolve) => (socket.onclose = resolve));
  console.log(`${room}: closed with ${code}`);
  // TODO: act on the code
}

await Promise.all(["orders", "prices", "chat"].map(join));
