const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
try {
  socket.close(1001, "gone for lunch");
} catch (error) {
  console.error(error.message);
}
await lab.sleep(300);
return "not closed";
