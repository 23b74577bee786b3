const socket = new WebSocket("ws://this-site-does-not-exist.invalid");
const { code, wasClean } = await new Promise((resolve) => (socket.onclose = resolve));
return { code, reason: "host not found", wasClean };
