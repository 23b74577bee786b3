const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
await lab.sleep(1000);
socket.close(4000, "no answer");
const second = new WebSocket(lab.url);
await new Promise((resolve) => (second.onopen = resolve));
second.close();
