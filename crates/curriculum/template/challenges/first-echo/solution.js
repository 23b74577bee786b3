const socket = new WebSocket(url);
socket.onopen = () => socket.send("{{words}}");
socket.onmessage = (event) => console.log(event.data);
