const socket = new WebSocket(lab.url);
socket.onopen = () => socket.send(lab.given.bytes);
socket.onmessage = () => socket.close();
