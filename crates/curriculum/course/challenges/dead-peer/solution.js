async function connect() {
  const socket = new WebSocket(lab.url);
  await new Promise((resolve) => (socket.onopen = resolve));
  return socket;
}

const first = await connect();
const answer = new Promise((resolve) => (first.onmessage = resolve));
first.send("are you there?");

const heard = await Promise.race([answer, lab.sleep(1000).then(() => null)]);
if (heard === null) {
  first.close(4000, "no answer");
  const second = await connect();
  console.log("connected again, readyState", second.readyState);
  return "connected again";
}
