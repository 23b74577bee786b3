const socket = new WebSocket(lab.url);

socket.onopen = () => socket.close(); // TODO: say why
socket.onclose = (event) => console.log("closed:", event.code, event.reason, event.wasClean);
