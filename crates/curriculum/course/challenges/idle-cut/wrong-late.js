const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
await lab.sleep(700);
socket.send("still here");
await Promise.race([lab.sleep(3500), new Promise((resolve) => (socket.onclose = resolve))]);
if (socket.readyState === WebSocket.OPEN) socket.send("still here");
