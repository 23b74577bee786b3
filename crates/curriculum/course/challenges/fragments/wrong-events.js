let events = 0;
let text = "";
const socket = new WebSocket(lab.url);
await new Promise((resolve) => {
  socket.onmessage = (event) => {
    events += 1;
    text += event.data;
    resolve();
  };
});
await lab.sleep(100);
socket.send(JSON.stringify({ text, fragments: events }));
socket.close();
