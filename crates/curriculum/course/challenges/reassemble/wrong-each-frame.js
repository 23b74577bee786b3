let buffer = [];
let parts = [];
let kind = 0;
let count = 0;
const text = (bytes) => new TextDecoder().decode(new Uint8Array(bytes));

const socket = new WebSocket(lab.url);
socket.binaryType = "arraybuffer";
const send = (report) => socket.send(JSON.stringify(report));

function onFrame(fin, opcode, payload) {
  if (opcode === 9) send({ pong: text(payload) });
  if (opcode >= 8) return; // a control frame is not part of a message
  if (opcode !== 0) kind = opcode;
  parts = payload;
  count += 1;
  if (kind === 1) send({ message: count, text: text(parts) });
  else send({ message: count, length: parts.length, sum: parts.reduce((sum, byte) => sum + byte, 0) });
}

socket.onmessage = (event) => {
  buffer.push(...new Uint8Array(event.data));
  while (buffer.length >= 2 && buffer.length >= 2 + buffer[1]) {
    const [first, length] = buffer;
    onFrame((first & 0x80) !== 0, first & 0x0f, buffer.slice(2, 2 + length));
    buffer = buffer.slice(2 + length);
  }
  if (count >= 3) socket.close();
};
await new Promise((resolve) => (socket.onclose = resolve));
