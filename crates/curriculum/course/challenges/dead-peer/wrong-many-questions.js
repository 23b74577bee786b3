const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
for (let n = 0; n < 12; n += 1) socket.send("are you there?");
await lab.sleep(1000);
socket.close(4000, "no answer");
const second = new WebSocket(lab.url);
await new Promise((resolve) => (second.onopen = resolve));
second.close();
