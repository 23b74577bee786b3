const socket = new WebSocket("ws://127.0.0.1:8080/echo?a='b\"&c=${d}", ["it's", "$`|~"]);
const messages = [
  "it's \"quoted\" \\ and\nin two lines\t\x3CURL>",
  "\x3C/script>\x3C!-- ${1 + 1} `id` $(id) {MESSAGES} %s %d !! ; & | * ~ #",
  "Grüße, 世界 🦀 \u{202E}\u{1B}[31m\u{2028}\u{0}",
  "-n",
];
let answers = 0;

socket.binaryType = "arraybuffer";
socket.onopen = () => {
  console.log("open", socket.protocol);
  messages.forEach((message) => socket.send(message));
};
socket.onmessage = ({ data }) => {
  if (typeof data === "string") console.log("text", data);
  else console.log("binary", new Uint8Array(data));
  if (++answers === messages.length) socket.close(1000);
};
socket.onclose = ({ code, reason }) => console.log("closed", code, reason);
