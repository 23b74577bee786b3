const socket = new WebSocket(lab.url);
socket.onopen = () => socket.send("Hello!");
socket.onmessage = () => socket.close();
