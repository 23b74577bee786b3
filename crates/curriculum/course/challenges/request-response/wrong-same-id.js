const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
let done = 0;
socket.onmessage = () => {
  done += 1;
  if (done === 5) {
    socket.send(JSON.stringify({ done }));
    socket.close();
  }
};
for (let n = 0; n < 5; n += 1) socket.send(JSON.stringify({ id: 1, ask: "what time is it?" }));
