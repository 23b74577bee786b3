// TODO: after each run, look at the reply below, and write the name of the broken rule here
const name = "hello";

const socket = new WebSocket(lab.url);
socket.onopen = () => socket.send(name);
socket.onmessage = (event) => {
  console.log("received:", event.data);
  socket.close(); // your browser accepted the frame
};
const { code } = await new Promise((resolve) => (socket.onclose = resolve));
console.log("closed:", code);
