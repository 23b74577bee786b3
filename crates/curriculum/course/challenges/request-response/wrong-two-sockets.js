const open = () => {
  const socket = new WebSocket(lab.url);
  return new Promise((resolve) => (socket.onopen = () => resolve(socket)));
};
const [asking, telling] = await Promise.all([open(), open()]);
let done = 0;
asking.onmessage = () => {
  done += 1;
  if (done === 5) {
    telling.send(JSON.stringify({ done }));
    telling.close();
    asking.close();
  }
};
for (let id = 1; id <= 5; id += 1) asking.send(JSON.stringify({ id, ask: "what time is it?" }));
