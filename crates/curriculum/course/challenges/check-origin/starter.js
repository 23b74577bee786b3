const list = [`https://${lab.given.site}.example:443`, `HTTPS://Admin.${lab.given.site}.Example:8443/`];

function isAllowed({ Origin: origin }) {
  return list.some((entry) => origin?.includes(entry)); // TODO
}

const socket = new WebSocket(lab.url);
socket.onmessage = (event) => {
  const message = JSON.parse(event.data);
  console.log(message);
  if (message.done) socket.close();
  else if (message.Host !== undefined) socket.send(JSON.stringify({ allow: isAllowed(message) }));
};
await new Promise((resolve) => (socket.onclose = resolve));
