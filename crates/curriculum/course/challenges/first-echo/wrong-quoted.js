const socket = new WebSocket(lab.url);
socket.onopen = () => socket.send(JSON.stringify("hello"));
socket.onmessage = () => socket.close();
