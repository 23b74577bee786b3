// Copy the bytes that the server sent in the last run from the frames below, in hex. The first run needs none.
const received = "";

function nameOf(bytes) {
  const [first, second] = bytes;
  const [opcode, short] = [first & 0x0f, second & 0x7f];
  const isFinal = (first & 0x80) !== 0;
  if (second & 0x80) return "masked";
  if (first & 0x40) return "rsv1";
  if (first & 0x20) return "rsv2";
  if (first & 0x10) return "rsv3";
  if (opcode >= 3 && opcode <= 7) return "reserved-data";
  if (opcode >= 11) return "reserved-control";
  if (opcode === 9 && !isFinal) return "ping-fragmented";
  if (opcode === 9) return "ping-too-long";
  if (opcode === 0) return "nothing-to-continue";
  if (opcode === 8 && short === 1) return "close-one-byte";
  if (opcode === 8) return bytes[2] * 256 + bytes[3] === 1005 ? "close-1005" : "close-reason-not-utf8";
  if (short === 127 && bytes[2] & 0x80) return "length-top-bit";
  if (short >= 126) return "length-not-minimal";
  return isFinal ? "invalid-utf8" : "message-inside-message";
}

const bytes = Uint8Array.from(received.match(/[0-9a-f]{2}/gi) ?? [], (pair) => parseInt(pair, 16));
const name = bytes.length === 0 ? "hello" : nameOf(bytes);
console.log("naming", name);

const socket = new WebSocket(lab.url);
socket.onopen = () => socket.send(name);
socket.onmessage = () => socket.close(); // your browser accepted the frame
const { code } = await new Promise((resolve) => (socket.onclose = resolve));
console.log("closed:", code);
