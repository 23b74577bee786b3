const open = () => {
  const socket = new WebSocket(lab.url);
  return new Promise((resolve) => (socket.onopen = () => resolve(socket)));
};
const [asking, telling] = await Promise.all([open(), open()]);
const tokens = {};
asking.onmessage = (event) => {
  const { id, token } = JSON.parse(event.data);
  tokens[id] = token;
  if (Object.keys(tokens).length < 5) return;
  telling.send(JSON.stringify({ done: [1, 2, 3, 4, 5].map((id) => tokens[id]) }));
  telling.close();
  asking.close();
};
for (let id = 1; id <= 5; id += 1) asking.send(JSON.stringify({ id, ask: "what time is it?" }));
