const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
async function ask() {
  const answer = new Promise((resolve) => (socket.onmessage = resolve));
  socket.send("are you there?");
  return Promise.race([answer, lab.sleep(1000).then(() => null)]);
}
while ((await ask()) !== null);
socket.close(4000, "no answer");
