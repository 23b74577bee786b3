async function connect() {
  const socket = new WebSocket(lab.url);
  await new Promise((resolve) => (socket.onopen = resolve));
  return socket;
}

function ask(socket) {
  const answer = new Promise((resolve) => (socket.onmessage = resolve));
  socket.send("are you there?");
  return Promise.race([answer, lab.sleep(1000).then(() => null)]);
}

const first = await connect();
while ((await ask(first)) !== null) console.log("it answered");

first.close(4000, "no answer");
const second = await connect();
console.log("connected again, readyState", second.readyState);
second.close();
return "connected again";
