const socket = new WebSocket("ws://this-site-does-not-exist.invalid");

socket.onerror = (event) => console.log("error:", event.type);

const { code, reason, wasClean } = await new Promise((resolve) => (socket.onclose = resolve));
return { code, reason, wasClean };
