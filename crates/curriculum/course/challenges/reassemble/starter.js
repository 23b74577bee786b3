let buffer = [];
let count = 0;
const text = (bytes) => new TextDecoder().decode(new Uint8Array(bytes));

const socket = new WebSocket(lab.url);
socket.binaryType = "arraybuffer";
const send = (report) => socket.send(JSON.stringify(report));

function onFrame(fin, opcode, payload) {
  // TODO: answer pings, and join fragments. FIN is 1 in the last one.
  if (opcode >= 8) return;
  count += 1;
  send({ message: count, text: text(payload) });
}

socket.onmessage = (event) => {
  buffer.push(...new Uint8Array(event.data));
  // Takes complete frames: two bytes of header, then the payload.
  while (buffer.length >= 2 && buffer.length >= 2 + buffer[1]) {
    const [first, length] = buffer;
    onFrame((first & 0x80) !== 0, first & 0x0f, buffer.slice(2, 2 + length));
    buffer = buffer.slice(2 + length);
  }
  if (count === 3) socket.close();
};
await new Promise((resolve) => (socket.onclose = resolve));
