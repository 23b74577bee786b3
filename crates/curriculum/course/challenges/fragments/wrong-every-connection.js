await Promise.all(
  Array.from({ length: 12 }, async (_, n) => {
    const socket = new WebSocket(lab.url);
    const { data } = await new Promise((resolve) => (socket.onmessage = resolve));
    socket.send(JSON.stringify({ text: data, fragments: 5 + n }));
    socket.close();
  }),
);
