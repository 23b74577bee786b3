const socket = new WebSocket("ws://this-site-does-not-exist.invalid");
await new Promise((resolve) => (socket.onclose = resolve));
return { code: 1006, reason: "", wasClean: false };
