const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
await Promise.race([lab.sleep(4200), new Promise((resolve) => (socket.onclose = resolve))]);
if (socket.readyState === WebSocket.OPEN) socket.send("still here");
