// Goodbyes: who says it first, with what code, and what JavaScript is told of it.
import { REQUEST_FAILED, SOCKET_FAILED } from "../support/complaints.ts";
import { expect, test } from "../support/lab.ts";
import { partsLoaded } from "../support/parts.ts";

test("a close with code and reason travels, is answered with the code, and JavaScript is told that", async ({ lab }) => {
  await lab.open();
  await lab.connect();
  await lab.close("4001", "that was it");
  await lab.expectSequence(
    /^To the relay: GET/,
    /^From the relay: 101/,
    /^OPEN/,
    /^To the relay: CLOSE 4001 that was it FIN · masked JavaScript: close\(4001, "that was it"\)/,
    /^From the relay: CLOSE 4001 .*FIN JavaScript: nothing Wire:/,
    /^CLOSED: the browser closed first, 4001 JavaScript: onclose 4001/,
  );
  await lab.expectState("CLOSED");

  const inspector = await lab.inspect(6);
  await expect(inspector.title).toHaveText("Connection closed");
  await expect(inspector.root).toContainText("The browser closed first. Both sides sent a close frame");
  const closeFrames = inspector.root.getByRole("button", { name: /^CLOSE/ });
  await expect(closeFrames).toHaveCount(2);
  await expect(closeFrames.first()).toContainText("4001 for private use by the application “that was it”");
  const told = inspector.root.locator("pre");
  await expect(told).toContainText(/code\s+4001/);
  // A reason goes one way: the relay's answer has the code alone, and that answer is what JavaScript hears.
  await expect(told).toContainText(/reason\s+""/);
  await expect(told).toContainText(/wasClean\s+true/);

  // The closeFrames lead to their frames.
  await closeFrames.first().click();
  await expect(lab.row(4)).toHaveAttribute("aria-selected", "true");
  // RFC 6455 §5.5.1: two bytes of code, then the reason.
  const payload = Buffer.concat([Buffer.of(4001 >> 8, 4001 & 0xff), Buffer.from("that was it")]);
  const bytes = await inspector.bytes();
  const key = bytes.subarray(2, 6);
  expect(bytes.subarray(0, 2)).toEqual(Buffer.of(0x88, 0x80 | payload.length));
  expect(bytes.subarray(6).map((byte, index) => byte ^ key[index % 4]!)).toEqual(payload);
});

test("the connect bar's button closes with 1000", async ({ lab }) => {
  await lab.open();
  await lab.connect();
  await lab.connection.getByRole("button", { name: "Close" }).click();
  await expect(lab.row(/^CLOSED: the browser closed first, 1000 JavaScript: onclose 1000/)).toBeVisible();
  await lab.expectState("CLOSED");

  // And the same button connects again.
  await lab.connect();
  await expect(lab.row(/^To the relay: GET .*connection 2 /)).toBeVisible();
});

test("a close without a code is told as 1005, which never travels", async ({ lab }) => {
  await lab.open();
  await lab.connect();
  await lab.close("");
  await expect(lab.row(/^To the relay: CLOSE no code .*JavaScript: close\(\)/)).toBeVisible();
  const inspector = await lab.inspect(/^From the relay: CLOSE no code/);
  expect((await inspector.bytes()).toString("hex")).toBe("8800");
  await lab.inspect(/^CLOSED: .*JavaScript: onclose 1005/);
  await expect(inspector.root.locator("pre")).toContainText(/code\s+1005/);
  await expect(inspector.root).toContainText("1005 is never sent");
});

test("the relay says goodbye with 1001 when it is shut down", async ({ lab, page, startRelay, complaints }) => {
  complaints.expect(SOCKET_FAILED, REQUEST_FAILED);
  const relay = await startRelay();
  await lab.open(relay.url);
  await partsLoaded(page);
  await lab.connect();
  await relay.stop();
  await lab.expectState("CLOSED");
  await expect(lab.row(/^From the relay: CLOSE 1001 /)).toBeVisible();
  await expect(lab.row(/^CLOSED: the relay closed first, 1001 JavaScript: onclose 1001/)).toBeVisible();
});

const UNSENDABLE = [
  { code: "1001", reason: "", says: "A page cannot send 1001 (going away)" },
  { code: "1006", reason: "", says: "A page cannot send 1006 (abnormal closure" },
  { code: "2999", reason: "", says: "A page cannot send 2999 (" },
  { code: "5000", reason: "", says: "A page cannot send 5000 (not a valid close code)" },
  { code: "x", reason: "", says: "A page can close only with 1000 or a code from 3000 to 4999" },
  { code: "1000", reason: "é".repeat(62), says: "The reason is 124 bytes long in UTF-8; the limit is 123" },
  { code: "", reason: "bye", says: "A reason needs a code before it" },
];

test("a code or reason that a browser may not send is judged before it is sent", async ({ lab }) => {
  await lab.open();
  await lab.connect();
  for (const { code, reason, says } of UNSENDABLE) {
    await test.step(`close(${code}, ${reason})`, async () => {
      await lab.composeClose(code, reason);
      await expect(lab.composer).toContainText(says);
      await expect(lab.submit).toBeDisabled();
      await expect(lab.composer.locator("[aria-invalid=true]")).toHaveCount(1);
    });
  }
  await lab.expectRows(3);

  // What is put right can be sent at once.
  await lab.close("3000", "é".repeat(61));
  await expect(lab.row(/^CLOSED: the browser closed first, 3000/)).toBeVisible();
});
