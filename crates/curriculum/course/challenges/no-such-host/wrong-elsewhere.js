const socket = new WebSocket(lab.url);
socket.onopen = () => socket.close();
const { code, reason, wasClean } = await new Promise((resolve) => (socket.onclose = resolve));
return { code, reason, wasClean };
