const socket = new WebSocket(lab.url);
socket.onopen = () => socket.close(4000, "gone for lunch");
