const socket = new WebSocket(lab.url);

socket.onopen = () => socket.send("hello");
socket.onmessage = (event) => {
  console.log("received:", event.data);
  socket.close();
};
