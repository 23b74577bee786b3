const socket = new WebSocket(lab.url);
socket.onopen = () => socket.send(new TextEncoder().encode("hello"));
socket.onmessage = () => socket.close();
