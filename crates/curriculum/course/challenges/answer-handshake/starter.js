const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

function answer(text) {
  const lines = text.split("\r\n");
  const key = lines.find((line) => line.startsWith("Sec-WebSocket-Key: "))?.slice(19);
  // TODO: 426, 400 and 403
  return { status: 101, accept: btoa(String.fromCharCode(...lab.sha1(key + GUID))) };
}

const socket = new WebSocket(lab.url);
socket.onmessage = (event) => {
  if (event.data.startsWith("{")) {
    console.log(event.data);
    socket.close();
  } else {
    socket.send(JSON.stringify(answer(event.data)));
  }
};
await new Promise((resolve) => (socket.onclose = resolve));
