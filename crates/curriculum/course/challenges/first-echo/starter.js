const socket = new WebSocket(lab.url);

socket.onmessage = (event) => {
  console.log("received:", event.data);
  socket.close();
};

// TODO: send "hello" once the socket is open
