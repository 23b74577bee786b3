const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
for (let n = 0; n < 10; n += 1) {
  socket.send("are you there?");
  await lab.sleep(100);
}
await lab.sleep(900);
socket.close(4000, "no answer");
const second = new WebSocket(lab.url);
await new Promise((resolve) => (second.onopen = resolve));
second.close();
