// What cannot be done is said where it was asked for, before anything is sent.
import { SOCKET_FAILED } from "../support/complaints.ts";
import { expect, test } from "../support/lab.ts";

const NO_PLACES = [
  [
    "ftp://127.0.0.1/",
    "This URL starts with ftp:. A WebSocket URL starts with ws:// or wss://. " +
      "http:// and https:// mean the same, and /echo is a path on this server.",
  ],
  ["ws://[1]/", "This is not a valid URL. A WebSocket URL looks like ws://host/path or wss://host/path."],
  ["", "Type a WebSocket URL, such as ws://127.0.0.1:8080/echo"],
  ["ws://127.0.0.1/echo#part", "A WebSocket URL cannot have a fragment. Remove the # and everything after it."],
  ["ws://", "This is not a valid URL. A WebSocket URL looks like ws://host/path or wss://host/path."],
] as const;

test("what is no place to connect to is said at the field, and nothing is tried", async ({ lab }) => {
  await lab.open();
  for (const [url, says] of NO_PLACES) {
    await test.step(url, async () => {
      await lab.url.fill(url);
      await lab.pressConnect();
      await expect(lab.url).toHaveAttribute("aria-invalid", "true");
      await expect(lab.url).toHaveAccessibleDescription(says);
      await expect(lab.inviting).toBeVisible();
    });
  }
  // The error goes as soon as the field changes.
  await lab.url.fill(lab.labUrl);
  await expect(lab.url).not.toHaveAttribute("aria-invalid");
  await lab.connect();
  await lab.expectRows(3);
});

test("what is no list of subprotocols is said at the field, and nothing is tried", async ({ lab }) => {
  await lab.open();
  for (const list of ["chat, chat", "two words", "chat; v1", "chät"]) {
    await test.step(list, async () => {
      await lab.subprotocols.fill(list);
      await lab.pressConnect();
      await expect(lab.subprotocols).toHaveAttribute("aria-invalid", "true");
      await expect(lab.subprotocols).toHaveAccessibleDescription(/names without spaces, separated by commas, each only once/);
      await expect(lab.url).not.toHaveAttribute("aria-invalid");
      await expect(lab.inviting).toBeVisible();
    });
  }
});

test("of the subprotocols that are offered the relay takes the first, and both lines show", async ({ lab }) => {
  await lab.open();
  await lab.subprotocols.fill("chat.v2, chat.v1");
  await lab.connect();
  const inspector = await lab.inspect(/^To the relay: GET/);
  expect(await inspector.headLines()).toContain("Sec-WebSocket-Protocol: chat.v2, chat.v1");
  await inspector.turnTo("Response");
  expect(await inspector.headLines()).toContain("Sec-WebSocket-Protocol: chat.v2");
});

const NO_HEX = [
  ["48 6g", "Character 5 is “g”, which is not a hex digit. Write bytes as 48 65 6c 6c 6f."],
  ["48 6", "The last byte has only one hex digit. A byte needs two."],
  ["é8", "Character 1 is “é”, which is not a hex digit. Write bytes as 48 65 6c 6c 6f."],
] as const;

test("what is no hex is not sent, and the composer says where it goes wrong", async ({ lab }) => {
  await lab.open();
  await lab.connect();
  await lab.compose("Bytes");
  const field = lab.composer.getByLabel("Bytes in hex");
  for (const [hex, says] of NO_HEX) {
    await test.step(hex, async () => {
      await field.fill(hex);
      await expect(field).toHaveAttribute("aria-invalid", "true");
      await expect(field).toHaveAccessibleDescription(says);
      await expect(lab.submit).toBeDisabled();
      await field.press("Enter");
    });
  }
  await lab.expectRows(3);
  await lab.sendHex("48 69");
  await expect(lab.row(/^From the relay: BINARY 2 B/)).toBeVisible();
  await lab.expectRows(5);
});

test("a filter that is none says what there is, and hides nothing", async ({ lab }) => {
  await lab.open();
  await lab.connect();
  await lab.filter.fill("opcode:pang");
  await expect(lab.filter).toHaveAttribute("aria-invalid", "true");
  await expect(lab.filter).toHaveAccessibleDescription(/^opcode:pang Write opcode:text, opcode:binary, opcode:continuation, opcode:close, opcode:ping or opcode:pong\.$/);
  await lab.expectRows(3);
  await lab.filter.fill("from:relay");
  await lab.expectSequence(/^From the relay: 101/);
  await lab.filter.fill("nothing has these words");
  await expect(lab.sequence).toContainText("No rows match the filter.");
});

test("a message over the relay's limit is foretold, sent all the same, and closed with 1009", async ({ lab, startRelay, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  const relay = await startRelay("--max-message", "1KiB", "--max-frame", "1KiB");
  await lab.open(relay.url);
  await lab.connect();
  await lab.compose("Text");
  await lab.composer.getByLabel("Text message").fill("x".repeat(1025));
  await expect(lab.composer).toContainText("This exceeds the relay’s limit of 1,024 B, so the relay will close with 1009");
  await lab.submit.click();
  await expect(lab.row(/^To the relay: TEXT .*over the limit/)).toBeVisible();
  await expect(lab.row(/^From the relay: CLOSE 1009/)).toBeVisible();
  await expect(lab.row(/^CLOSED: the relay closed first, 1009 JavaScript: .*onclose 1009/)).toBeVisible();
});

test("a kind of message that the URL leaves out is closed with 1003", async ({ lab }) => {
  await lab.open();
  await lab.url.fill(`${lab.labUrl}?deflate=off&accept=text`);
  await lab.connect();
  await lab.sendText("Hello");
  await expect(lab.row(/^From the relay: TEXT Hello/)).toBeVisible();
  await lab.sendHex("48 69");
  const inspector = await lab.inspect(/^To the relay: BINARY .*not accepted here/);
  await expect(inspector.root).toContainText("this connection does not accept binary messages");
  await expect(lab.row(/^CLOSED: the relay closed first, 1003/)).toBeVisible();
});
