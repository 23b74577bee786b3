const socket = new WebSocket(lab.url); // TODO: connect to the unknown host instead

socket.onerror = (event) => console.log("error:", event.type);

// TODO: wait for the close event, and return its code, reason and wasClean
