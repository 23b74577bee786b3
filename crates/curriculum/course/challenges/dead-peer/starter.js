const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));

socket.send("are you there?");
const answer = await new Promise((resolve) => (socket.onmessage = resolve)); // TODO: this never ends
console.log(answer.data);
