const pending = new Map(lab.given.orders.split(" ").map((order, index) => [index + 1, order]));
const socket = new WebSocket(lab.url);
socket.onopen = () => {
  socket.send(JSON.stringify({ hello: 0 }));
  for (const [id, order] of pending) socket.send(JSON.stringify({ id, order }));
};
await new Promise((resolve) => (socket.onclose = resolve));
