const socket = new WebSocket(lab.url);
socket.send("hello");
