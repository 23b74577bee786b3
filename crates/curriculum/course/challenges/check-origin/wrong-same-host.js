const list = [`https://${lab.given.site}.example:443`, `HTTPS://Admin.${lab.given.site}.Example:8443/`];
const allowed = new Set(list.map((entry) => new URL(entry).origin));

function isAllowed({ Host: host, Origin: origin }) {
  return origin === undefined || allowed.has(origin) || origin === `https://${host}`;
}

const socket = new WebSocket(lab.url);
socket.onmessage = (event) => {
  const message = JSON.parse(event.data);
  console.log(message);
  if (message.done) socket.close();
  else if (message.Host !== undefined) socket.send(JSON.stringify({ allow: isAllowed(message) }));
};
await new Promise((resolve) => (socket.onclose = resolve));
