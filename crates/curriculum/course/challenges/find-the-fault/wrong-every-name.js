for (const name of ["masked", "rsv1", "reserved-data", "nothing-to-continue", "length-not-minimal"]) {
  const socket = new WebSocket(lab.url);
  socket.onopen = () => socket.send(name);
  await new Promise((resolve) => (socket.onclose = resolve));
}
