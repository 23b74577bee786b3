const socket = new WebSocket(lab.url);
socket.binaryType = "arraybuffer";

let count = 0;
socket.onmessage = (event) => {
  // each chunk is taken for a frame
  const chunk = new Uint8Array(event.data);
  count += 1;
  const opcode = chunk[0] & 0x0f;
  const masked = (chunk[1] & 0x80) !== 0;
  const length = chunk[1] & 0x7f;
  const payload = chunk.slice(2);
  const sum = payload.reduce((sum, byte) => sum + byte, 0);
  if (count <= 13) socket.send(JSON.stringify({ frame: count, opcode, masked, length, sum }));
  if (count === 13) socket.close();
};
await new Promise((resolve) => (socket.onclose = resolve));
