const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));

function ask(id) {
  // TODO: this takes any message; wait for the one with this id
  return new Promise((resolve) => {
    socket.onmessage = (event) => resolve(JSON.parse(event.data));
    socket.send(JSON.stringify({ id, ask: "what time is it?" }));
  });
}

const done = [];
for (const id of [1, 2, 3, 4, 5]) {
  const answer = await ask(id); // TODO: one after the other takes five seconds; send all at once
  done.push(answer.token);
}
socket.send(JSON.stringify({ done }));
socket.close();
