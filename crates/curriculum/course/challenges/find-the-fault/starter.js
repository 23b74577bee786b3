const fault = "?"; // TODO: look at the frames below, and write the name of the rule here

async function say(text) {
  const socket = new WebSocket(lab.url);
  socket.onopen = () => socket.send(text);
  socket.onmessage = (event) => {
    console.log("received:", event.data);
    socket.close(); // your browser accepted the frame
  };
  const { code, reason } = await new Promise((resolve) => (socket.onclose = resolve));
  console.log("closed:", code, reason);
}

await say("hello");
await say(fault);
