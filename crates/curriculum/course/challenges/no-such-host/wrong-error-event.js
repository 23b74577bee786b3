const socket = new WebSocket("ws://this-site-does-not-exist.invalid");
const { code, reason, wasClean } = await new Promise((resolve) => (socket.onerror = resolve));
return { code, reason, wasClean };
