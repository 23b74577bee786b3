const pending = new Map(lab.given.orders.split(" ").map((order, index) => [index + 1, order]));
const events = [];
let last = 0;

/** Resolves to whether everything is done when the connection is gone. */
function session() {
  const socket = new WebSocket(lab.url);
  let done = false;
  socket.onopen = () => {
    socket.send(JSON.stringify({ hello: last }));
    for (const [id, order] of pending) socket.send(JSON.stringify({ id, order }));
  };
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.ack !== undefined) pending.delete(message.ack);
    if (message.seq !== undefined) events.push(message.text);
    last = message.seq ?? last;
    if (pending.size === 0 && last === 6 && !done) {
      done = true;
      socket.send(JSON.stringify({ took: events.join(" ") }));
      socket.close();
    }
  };
  return new Promise((resolve) => (socket.onclose = () => resolve(done)));
}

for (let attempt = 0; attempt < 5 && !(await session()); attempt += 1) {
  console.log(`dropped: ${events.length} events here, ${pending.size} orders to send again`);
  await lab.sleep(200 * 2 ** attempt * (1 + Math.random()));
}
