const states = [];
const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
states.push(socket.readyState);

// TODO: read one state before this, and two after it

socket.close(1000);
return states;
