const pending = new Map(lab.given.orders.split(" ").map((order, index) => [index + 1, order]));
const events = [];

/** Resolves to whether everything is done when the connection is gone. */
function session() {
  const socket = new WebSocket(lab.url);
  let done = false;
  socket.onopen = () => {
    socket.send(JSON.stringify({ hello: events.length }));
    for (const [id, order] of pending) socket.send(JSON.stringify({ id, order }));
  };
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.ack !== undefined) pending.delete(message.ack);
    if (message.seq === events.length + 1) events.push(message.text); // others are here already
    if (pending.size === 0 && events.length === 6 && !done) {
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
