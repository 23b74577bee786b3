const socket = new WebSocket(lab.url);
await new Promise((resolve) => (socket.onopen = resolve));

const waiting = new Map();
socket.onmessage = (event) => {
  const answer = JSON.parse(event.data);
  waiting.get(answer.id)?.(answer);
  waiting.delete(answer.id);
};

function ask(id) {
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    socket.send(JSON.stringify({ id, ask: "what time is it?" }));
  });
}

const answers = await Promise.all([1, 2, 3, 4, 5].map(ask));
socket.send(JSON.stringify({ done: answers.map((answer) => answer.token) }));
socket.close();
