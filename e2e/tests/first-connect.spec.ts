// The way of a newcomer: one button, a handshake, a message there and back.
import { createHash } from "node:crypto";

import { expect, test } from "../support/lab.ts";

const HELLO = Buffer.from("Hello");

test("one button opens a WebSocket and shows its handshake as it crossed the wire", async ({ lab, relay, lineTo }) => {
  const line = await lineTo(relay.url);
  await lab.open(line.url);
  await lab.inviting.click();
  await lab.expectSequence(
    /^To the relay: GET .* JavaScript: new WebSocket\(\) Wire: key /,
    /^From the relay: 101 Switching Protocols JavaScript: onopen Wire: accept /,
    /^OPEN: HTTP ends/,
  );
  await lab.expectState("OPEN");

  const [crossed, ...others] = line.requestsFor(await lab.target());
  expect(others).toEqual([]);
  const inspector = await lab.inspect(1);
  await expect(inspector.title).toHaveText("Opening handshake");
  expect(await inspector.headLines()).toEqual(lines(crossed!.fromBrowser));
  await inspector.turnTo("Response");
  expect(await inspector.headLines()).toEqual(lines(crossed!.fromRelay));
});

test("the accept value comes from the key step by step", async ({ lab }) => {
  await lab.open();
  await lab.inviting.click();
  const inspector = await lab.inspect(/: GET /);
  const key = value(await inspector.headLines(), "Sec-WebSocket-Key");
  await inspector.turnTo("Response");
  const accept = value(await inspector.headLines(), "Sec-WebSocket-Accept");

  // RFC 6455 §4.2.2, item 5.4.
  const joined = `${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const sha1 = createHash("sha1").update(joined).digest();
  expect(accept).toBe(sha1.toString("base64"));

  await inspector.turnTo("Key → accept");
  const steps = await inspector.derivation();
  expect(steps.map((step) => step.replaceAll(/\s/g, ""))).toEqual([key, joined, sha1.toString("hex"), accept]);
  await expect(inspector.root.getByText("The response has exactly this value")).toBeVisible();
});

test("a text leaves masked and comes back unmasked, byte for byte", async ({ lab, relay, lineTo }) => {
  const line = await lineTo(relay.url);
  await lab.open(line.url);
  await lab.connect();
  await lab.sendText("Hello");
  await expect(lab.row(4)).toHaveAccessibleName(/To the relay: TEXT Hello FIN · 5 B · masked.*send\("Hello"\)/);
  await expect(lab.row(5)).toHaveAccessibleName(/From the relay: TEXT Hello FIN · 5 B .*onmessage "Hello"/);

  const [crossed] = line.requestsFor(await lab.target());
  const inspector = await lab.inspect(4);
  const sent = await inspector.bytes();
  expect(sent.subarray(0, 2)).toEqual(Buffer.of(0x81, 0x85));
  expect(sent).toEqual(afterHead(crossed!.fromBrowser));

  const key = sent.subarray(2, 6);
  const masked = sent.subarray(6);
  expect(masked).not.toEqual(HELLO);
  expect(masked.map((byte, index) => byte ^ key[index % 4]!)).toEqual(HELLO);
  expect(await inspector.unmasking("on the wire")).toEqual(masked);
  expect(await inspector.unmasking("XOR key")).toEqual(Buffer.concat([key, key]).subarray(0, HELLO.length));
  expect(await inspector.unmasking("message")).toEqual(HELLO);
  const bits = inspector.root.getByRole("group", { name: "The frame's header, bit by bit" });
  await expect(bits).toContainText(/opcode .*= text/);
  await expect(bits).toContainText("length 5");

  await lab.inspect(5);
  const echo = Buffer.concat([Buffer.of(0x81, 0x05), HELLO]);
  expect(await inspector.bytes()).toEqual(echo);
  expect(afterHead(crossed!.fromRelay)).toEqual(echo);
  await expect(inspector.root.getByText("A server never masks")).toBeVisible();
});

test("both sides of a message stand next to each other", async ({ lab }) => {
  await lab.open();
  await lab.connect();
  await lab.sendText("Grüße");
  const inspector = await lab.inspect(/To the relay: TEXT/);
  const key = (await inspector.bytes()).subarray(2, 6).toString("hex");
  await inspector.turnTo("Both sides");
  await expect(inspector.bothSides("event").script).toHaveText('send("Grüße")');
  await expect(inspector.bothSides("event").wire).toHaveText("a text frame from the browser");
  await expect(inspector.bothSides("size").script).toHaveText("length 5");
  await expect(inspector.bothSides("size").wire).toHaveText("13 B = 6 header + 7 payload in UTF-8");
  await expect(inspector.bothSides("masking key").script).toHaveText("nothing");
  expect((await inspector.bothSides("masking key").wire.innerText()).replaceAll(" ", "")).toBe(key);

  await inspector.turnTo("Message");
  await expect(inspector.root.getByRole("tabpanel")).toContainText("A text message of 7 B in one frame.");
  await expect(inspector.root.getByRole("tabpanel")).toContainText("Grüße");
});

/** The lines of an HTTP head, as far as its empty line. */
function lines(bytes: Buffer): string[] {
  return bytes.subarray(0, bytes.indexOf("\r\n\r\n")).toString("latin1").split("\r\n");
}

function afterHead(bytes: Buffer): Buffer {
  return bytes.subarray(bytes.indexOf("\r\n\r\n") + 4);
}

function value(headLines: string[], name: string): string {
  const line = headLines.find((line) => line.startsWith(`${name}: `));
  return line?.slice(name.length + 2) ?? "";
}
