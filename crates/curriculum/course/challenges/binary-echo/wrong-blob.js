const socket = new WebSocket(lab.url);
socket.onmessage = (event) => {
  socket.send(event.data);
  let sum = 0;
  for (const byte of new Uint8Array(event.data)) sum += byte;
  socket.send(String(sum));
  socket.close();
};
