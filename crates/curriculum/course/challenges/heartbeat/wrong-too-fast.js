const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
let token;
for (let n = 1; n <= 6; n += 1) {
  const answered = new Promise((resolve) => (socket.onmessage = resolve));
  socket.send(JSON.stringify({ type: "ping", n, token }));
  ({ token } = JSON.parse((await answered).data));
}
socket.close();
