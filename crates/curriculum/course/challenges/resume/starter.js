const orders = lab.given.orders.split(" ");
const events = [];

const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(JSON.stringify({ hello: 0 }));
  orders.forEach((order, index) => socket.send(JSON.stringify({ id: index + 1, order })));
};
socket.onmessage = (event) => {
  const message = JSON.parse(event.data);
  if (message.seq !== undefined) events.push(message.text);
  // TODO: remember what was acknowledged
};
await new Promise((resolve) => (socket.onclose = resolve));
console.log(`dropped after ${events.length} events`);
// TODO: connect again, and go on where it stopped
