const fault = "{{fault}}"; // found in the frames

async function say(text) {
  const socket = new WebSocket(lab.url);
  socket.onopen = () => socket.send(text);
  socket.onmessage = () => socket.close(); // Firefox accepts a masked frame
  const { code, reason } = await new Promise((resolve) => (socket.onclose = resolve));
  console.log("closed:", code, reason);
}

await say("hello");
await say(fault);
