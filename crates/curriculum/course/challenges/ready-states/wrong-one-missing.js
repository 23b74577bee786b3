const states = [];
const socket = new WebSocket(lab.url);
states.push(socket.readyState);
await new Promise((resolve) => (socket.onopen = resolve));
states.push(socket.readyState);
socket.close(1000);
await new Promise((resolve) => (socket.onclose = resolve));
states.push(socket.readyState);
return states;
