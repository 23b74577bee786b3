const socket = new WebSocket(url);
socket.onopen = () => socket.send("something else");
