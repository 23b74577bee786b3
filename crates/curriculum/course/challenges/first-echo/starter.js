const socket = new WebSocket(lab.url);

socket.onmessage = (event) => {
  console.log("came back:", event.data);
  socket.close();
};

// TODO: send "hello" once the socket is open
