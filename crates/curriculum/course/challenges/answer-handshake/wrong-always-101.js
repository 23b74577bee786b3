const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

function answer(text) {
  const [requestLine, ...lines] = text.split("\r\n");
  const [method, , version] = requestLine.split(" ");
  const headers = new Map();
  for (const line of lines.filter((line) => line !== "")) {
    const colon = line.indexOf(":");
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  const list = (name) => (headers.get(name) ?? "").toLowerCase().split(",").map((item) => item.trim());

  const key = headers.get("sec-websocket-key");
  const origin = headers.get("origin");
  if (origin !== undefined && origin !== `https://${lab.given.site}.example`) return { status: 403 };
  return { status: 101, accept: btoa(String.fromCharCode(...lab.sha1(key + GUID))) };
}

function isKey(key) {
  try {
    return key !== undefined && atob(key).length === 16;
  } catch {
    return false;
  }
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
