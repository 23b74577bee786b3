const socket = new WebSocket(lab.url);

socket.onopen = () => socket.close(); // TODO: add the code and the reason
socket.onclose = (event) => console.log("closed:", event.code, event.reason, event.wasClean);
