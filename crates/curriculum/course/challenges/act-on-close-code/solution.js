/** Opens a connection. `receive()` returns the next message, or the close code. */
async function connect() {
  const socket = new WebSocket(lab.url);
  const arrived = [];
  let wake = () => {};
  socket.onmessage = (event) => (arrived.push(JSON.parse(event.data)), wake());
  socket.onclose = (event) => (arrived.push(event.code), wake());
  await new Promise((resolve) => (socket.onopen = resolve));
  const send = (message) => socket.send(JSON.stringify(message));
  async function receive() {
    if (arrived.length === 0) await new Promise((resolve) => (wake = resolve));
    return arrived.shift();
  }
  return { send, receive, close: () => socket.close() };
}

async function join(room) {
  const first = await connect();
  first.send({ join: room, try: 1 });
  const code = await first.receive();
  console.log(`${room}: closed with ${code}`);
  if ([1001, 1012, 1013].includes(code)) {
    await lab.sleep(1000 * (1 + Math.random() / 2));
    const again = await connect();
    again.send({ join: room, try: 2 });
    console.log(await again.receive());
    again.close();
  } else if (code === 4001) {
    const again = await connect();
    again.send({ login: lab.given.password });
    const { token } = await again.receive();
    again.send({ join: room, try: 2, token });
    console.log(await again.receive());
    again.close();
  }
}

await Promise.all(["orders", "prices", "chat"].map(join));
