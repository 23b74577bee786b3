const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));
socket.close(1000);
await new Promise((resolve) => (socket.onclose = resolve));
return [WebSocket.CONNECTING, WebSocket.OPEN, WebSocket.CLOSING, WebSocket.CLOSED];
