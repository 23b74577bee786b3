const socket = new WebSocket(lab.url); // not here: go where nobody is

socket.onerror = (event) => console.log("error:", event.type);

// TODO: wait for the close event, and return what it says
