let buffer = [];
let parts = [];
let kind = 0;
let count = 0;
let pings = [];
const text = (bytes) => new TextDecoder().decode(new Uint8Array(bytes));

const socket = new WebSocket(lab.url);
socket.binaryType = "arraybuffer";
const send = (report) => socket.send(JSON.stringify(report));

function onFrame(fin, opcode, payload) {
  if (opcode === 9) pings.push(payload);
  if (opcode >= 8) return; // a control frame is not part of a message
  if (opcode !== 0) [kind, parts] = [opcode, []];
  parts.push(...payload);
  if (!fin) return;
  count += 1;
  for (const ping of pings) send({ pong: text(ping) });
  pings = [];
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
  if (count === 3) socket.close();
};
await new Promise((resolve) => (socket.onclose = resolve));
