const socket = new WebSocket(lab.url);
socket.onopen = () => socket.close(4001, "4001 gone for lunch");
