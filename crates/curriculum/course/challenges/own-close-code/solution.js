const socket = new WebSocket(lab.url);

socket.onopen = () => socket.close(4001, "gone for lunch");
socket.onclose = (event) => console.log("closed:", event.code, event.reason, event.wasClean);
