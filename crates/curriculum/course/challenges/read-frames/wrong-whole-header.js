let buffer = new Uint8Array(0);
let count = 0;

/** Takes a complete frame from the front of the buffer. */
function takeFrame() {
  if (buffer.length === 0) return null;
  const view = new DataView(new Uint8Array([...buffer.slice(0, 10), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).buffer);
  const masked = (buffer[1] & 0x80) !== 0;
  let length = buffer[1] & 0x7f;
  let at = 2;
  if (length === 126) {
    length = view.getUint16(2);
    at = 4;
  } else if (length === 127) {
    length = Number(view.getBigUint64(2));
    at = 10;
  }
  const keyAt = at;
  if (masked) at += 4;
  if (buffer.length < length) return null;
  const key = buffer.slice(keyAt, keyAt + 4);
  const payload = buffer.slice(at, at + length);
  if (masked) payload.forEach((byte, index) => (payload[index] = byte ^ key[index % 4]));
  const opcode = buffer[0] & 0x0f;
  buffer = buffer.slice(at + length);
  return { opcode, masked, payload };
}

const socket = new WebSocket(lab.url);
socket.binaryType = "arraybuffer";
socket.onmessage = (event) => {
  const chunk = new Uint8Array(event.data);
  const joined = new Uint8Array(buffer.length + chunk.length);
  joined.set(buffer);
  joined.set(chunk, buffer.length);
  buffer = joined;
  for (let frame = takeFrame(); frame !== null; frame = takeFrame()) {
    const { opcode, masked, payload } = frame;
    count += 1;
    const sum = payload.reduce((sum, byte) => sum + byte, 0);
    socket.send(JSON.stringify({ frame: count, opcode, masked, length: payload.length, sum }));
  }
  if (count === 13) socket.close();
};
await new Promise((resolve) => (socket.onopen = resolve));
await Promise.race([lab.sleep(1500), new Promise((resolve) => (socket.onclose = resolve))]);
socket.close();
