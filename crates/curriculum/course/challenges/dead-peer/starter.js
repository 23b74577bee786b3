const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));

for (;;) {
  const answered = new Promise((resolve) => (socket.onmessage = resolve));
  socket.send("are you there?");
  const answer = await answered; // TODO: some day, this never ends
  console.log(answer.data);
}
