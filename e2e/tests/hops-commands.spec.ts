// The relay's own frames on both sides of a hop: each end gets them in the role that the relay has there.
import { Console } from "../support/console.ts";
import { expect, test as base } from "../support/lab.ts";
import { PythonServer } from "../support/python.ts";

const test = base.extend<{ python: PythonServer; relaySide: Console }>({
  python: async ({}, use) => {
    const server = await PythonServer.start();
    await use(server);
    await server.stop();
  },
  relaySide: async ({ lab }, use) => use(new Console(lab)),
});

test("the relay sends to the browser, and to the other server", async ({ lab, startRelay, python, relaySide }) => {
  const relay = await startRelay("--relay-to", python.url);
  await lab.open(relay.url);
  await lab.route.choose(["Another server", python.url]);
  await lab.subprotocols.fill("chat");
  await lab.connect();
  await relaySide.open();
  const names = relaySide.connection.getByRole("option");
  await expect(names).toHaveText([
    "the browser, client side of the relay, connection 1",
    /^127\.0\.0\.1:\d+, server side of the relay, connection 2$/,
  ]);
  await expect(relaySide.connection).toHaveValue("1");
  await relaySide.field("Text").fill("to the browser");
  await relaySide.send();
  await expect(lab.row(/^From the relay to the browser: TEXT to the browser FIN · 14 B by hand JavaScript: onmessage "to the browser"/)).toBeVisible();

  await relaySide.connection.selectOption("2");
  await expect(relaySide.note).toContainText("the relay is the client of 127.0.0.1");
  await relaySide.field("Text").fill("to the server");
  await relaySide.send();
  await expect(lab.row(/^From the relay to 127\.0\.0\.1:\d+: TEXT to the server FIN · 13 B · masked by hand/)).toBeVisible();
  // The server echoes it, and the echo crosses both sides.
  await expect(lab.row(/TEXT to the server .*JavaScript: onmessage "to the server"/)).toBeVisible();

  await test.step("its pings measure the way to the server", async () => {
    await relaySide.choose("Ping");
    await relaySide.send();
    await expect(lab.row(/PONG still there\? .* · [\d.]+ ms/)).toBeVisible();
    await lab.inspect(/^From the relay to 127\.0\.0\.1:\d+: PING/);
    await expect(lab.inspector.root).toContainText("The server answered automatically");
  });

  await test.step("a composed frame is judged as the server will judge it", async () => {
    await relaySide.choose("Frame");
    const verdicts = relaySide.root.getByRole("list", { name: "What a strict server says" }).getByRole("listitem");
    await expect(verdicts).toHaveText([/a client must mask/]);
  });

  await test.step("what the page sends still pairs with its own rows", async () => {
    await lab.sendText("mine");
    await expect(lab.row(/TEXT mine .*JavaScript: send\("mine"\)/)).toBeVisible();
    await expect(lab.row(/TEXT mine .*JavaScript: onmessage "mine"/)).toBeVisible();
  });
});
