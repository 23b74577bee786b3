const orders = lab.given.orders.split(" ");
for (let attempt = 0; attempt < 2; attempt += 1) {
  const socket = new WebSocket(lab.url);
  await new Promise((resolve) => (socket.onopen = resolve));
  socket.send(JSON.stringify({ hello: attempt * 3 }));
  orders.forEach((order, index) => socket.send(JSON.stringify({ id: index + 1, order })));
  await lab.sleep(600);
  if (socket.readyState === 1) socket.send(JSON.stringify({ took: lab.given.orders }));
  socket.close();
}
