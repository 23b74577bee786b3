const socket = new WebSocket(lab.url);
socket.onopen = () => socket.send("{{words}}");
socket.onmessage = (event) => console.log(event.data);
