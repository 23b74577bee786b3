const socket = new WebSocket(lab.url);
let n = 0;

function say(text) {
  n += 1;
  // TODO: not before the welcome, and with the name of the session
  socket.send(JSON.stringify({ n, say: text }));
}

socket.onopen = () => {
  // TODO: log in first
  for (const word of lab.given.words.split(" ")) say(word);
};
socket.onmessage = (event) => console.log(JSON.parse(event.data));
await new Promise((resolve) => (socket.onclose = resolve));
