const socket = new WebSocket(lab.url);
socket.onopen = () => {
  for (const name of ["masked", "rsv1", "rsv2", "rsv3", "reserved-data", "reserved-control", "invalid-utf8", "nothing-to-continue", "message-inside-message", "length-not-minimal", "length-top-bit", "ping-too-long", "ping-fragmented", "close-one-byte", "close-1005", "close-reason-not-utf8"]) socket.send(name);
};
socket.onmessage = () => socket.close();
await new Promise((resolve) => (socket.onclose = resolve));
