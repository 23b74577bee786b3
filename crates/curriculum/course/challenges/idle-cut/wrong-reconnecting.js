// The newest connection counts, and none of them lasts.
const began = performance.now();
while (performance.now() - began < 4100) {
  const socket = new WebSocket(lab.url);
  await new Promise((resolve) => (socket.onopen = resolve));
  await lab.sleep(600);
  socket.send("still here");
  socket.close();
}
