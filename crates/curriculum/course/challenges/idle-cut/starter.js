const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));

socket.onclose = (event) => console.log("closed:", event.code, event.wasClean);

await lab.sleep(4200); // TODO: the connection does not live that long
if (socket.readyState === WebSocket.OPEN) {
  socket.send("still here");
  socket.close();
}
