// Another server, written with Python's `websockets`, looked at through the relay.
import { SOCKET_FAILED } from "../support/complaints.ts";
import { expect, test as base } from "../support/lab.ts";
import { PythonServer } from "../support/python.ts";
import { SilentServer } from "../support/server.ts";

const test = base.extend<{ python: PythonServer }>({
  python: async ({}, use) => {
    const server = await PythonServer.start();
    await use(server);
    await server.stop();
  },
});

test("both legs of a way to another server", async ({ lab, startRelay, python }) => {
  const relay = await startRelay("--relay-to", python.url);
  await lab.open(relay.url);
  await lab.route.choose(["Another server", python.url]);
  await expect(lab.url).toHaveValue(new RegExp(`^${relay.wsUrl}/relay/[a-z2-7]{26}\\?to=`));
  await lab.subprotocols.fill("chat");
  await lab.connect();
  await lab.sendText("to Python");
  await expect(lab.row(/onmessage "to Python"/)).toBeVisible();
  await expect(lab.row(/TEXT to Python/)).toHaveCount(4);

  const inspector = await lab.inspect(1);
  await expect(inspector.root).toContainText("Client side of the hop: the client to the relay");
  await inspector.root.getByRole("button", { name: /^Show the other side/ }).click();
  await expect(inspector.root).toContainText(`Connected to: ${new URL(python.url).host}`);
  await inspector.turnTo("Response");
  await expect(inspector.root).toContainText("Python");
  await expect(inspector.root).toContainText("chat");

  await lab.close("4001", "seen enough");
  await lab.expectState("CLOSED");
  await expect(lab.row(/onclose 4001/)).toBeVisible();
  await expect(lab.row(/: CLOSE .*4001/)).toHaveCount(4);
});

for (const { path, rule, words } of [
  { path: "/refuse", rule: "403", words: "not for you, says Python" },
  { path: "/redirect", rule: "302", words: "ws://elsewhere.example/" },
]) {
  test(`what the other server answers to ${path} comes back as it said it`, async ({ lab, startRelay, python, complaints }) => {
    complaints.expect(SOCKET_FAILED);
    const relay = await startRelay("--relay-to", python.url);
    await lab.open(relay.url);
    await lab.route.open();
    await lab.route.offer("Another server", python.url).click();
    await lab.route.setting("to").fill(python.url + path);
    await lab.route.done();
    await lab.pressConnect();
    await lab.expectState("CLOSED");
    const far = await lab.inspect(/^From 127\.0\.0\.1:\d+ to the relay/);
    await expect(far.root).toContainText(rule);
    await expect(far.root).toContainText(words);
  });
}

test("an invalid 101 of another server shows every rule that it breaks", async ({ lab, startRelay, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  const server = await SilentServer.start((response) =>
    `HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n${response}`
      .replace("Upgrade: websocket", "Upgrade: websocket\r\nUpgrade: websocket")
      .replace("\r\n\r\nHTTP/1.1 101", "\r\n\r\nHTTP/1.0 101"),
  );
  const relay = await startRelay("--relay-to", server.url);
  await lab.open(relay.url);
  await lab.route.choose(["Another server", server.url]);
  await lab.pressConnect();
  await lab.expectState("CLOSED");
  const far = await lab.inspect(/^From 127\.0\.0\.1:\d+ to the relay/);
  await expect(far.root).toContainText("The response breaks RFC 6455 §4.2.2");
  await expect(far.root).toContainText("The response breaks RFC 6455 §4.1");
  await expect(far.root).toContainText("Upgrade appears 2 times, but it must appear once.");
  await expect(far.root).toContainText("A client skips them and waits for the final one");
  await expect(far.root).toContainText("HTTP/1.1 103 Early Hints");
  const near = await lab.inspect(/From the relay.* 502/);
  await expect(near.root).toContainText("a client must fail this connection");
  await server.stop();
});

test("a server that is not listed is not asked", async ({ lab, startRelay, python, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  const relay = await startRelay("--relay-to", python.url);
  await lab.open(relay.url);
  await lab.route.open();
  await lab.route.offer("Another server", python.url).click();
  await lab.route.setting("to").fill("ws://elsewhere.example/");
  await lab.route.done();
  await lab.pressConnect();
  await lab.expectState("CLOSED");
  const inspector = await lab.inspect(/From the relay.* 403/);
  await expect(inspector.root).toContainText("this relay may not connect to that server; it may connect to");
});
