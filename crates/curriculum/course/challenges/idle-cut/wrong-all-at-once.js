const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
for (let beat = 0; beat < 10; beat += 1) socket.send("beat");
await Promise.race([lab.sleep(4200), new Promise((resolve) => (socket.onclose = resolve))]);
