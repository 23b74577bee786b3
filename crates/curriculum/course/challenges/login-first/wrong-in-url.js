const socket = new WebSocket(`${lab.url}&token=${lab.given.token}`);
let session = null;
let waiting = [];
let n = 0;

function say(text) {
  if (session === null) {
    waiting.push(text);
    return;
  }
  n += 1;
  socket.send(JSON.stringify({ session, n, say: text }));
}

socket.onmessage = (event) => {
  const message = JSON.parse(event.data);
  console.log(message);
  if (message.welcome !== undefined) {
    session = message.welcome;
    waiting.forEach(say);
    waiting = [];
  }
  if (message.heard === 3) socket.close(1000);
};

for (const word of lab.given.words.split(" ")) say(word);
await new Promise((resolve) => (socket.onclose = resolve));
