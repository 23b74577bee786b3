// permessage-deflate as a learner meets it: offered, agreed on, and seen at work in every frame. RFC 7692.
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";

import { expectAccessible } from "../support/axe.ts";
import { CONTINUATION, Client, TEXT, frame } from "../support/client.ts";
import { SOCKET_FAILED } from "../support/complaints.ts";
import type { Inspector } from "../support/inspector.ts";
import { expect, test, type Lab } from "../support/lab.ts";
import { noise } from "../support/png.ts";

/** What ends every deflated message and is not sent. RFC 7692 §7.2.1. */
const TAIL = Buffer.from("0000ffff", "hex");

/** Says nothing twice. */
const TEXT_ALONE = "Pack my box with five dozen liquor jugs, then dig up a quartz fjord.";

test("what the browser offers and what the relay answers is explained, piece by piece", async ({ lab }) => {
  await lab.open();
  await lab.compress();
  await expect(lab.url).toHaveValue(/\?deflate=on$/);
  await lab.connect();
  await expect(lab.row(2)).toHaveAccessibleName(/^From the relay: 101 Switching Protocols permessage-deflate /);

  const inspector = await lab.inspect(1);
  expect(await inspector.headLines()).toContain("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits");
  await expect(inspector.root).toContainText("permessage-deflate The client can compress messages with deflate");
  await expect(inspector.root).toContainText("client_max_window_bits The server may choose the client’s window size.");

  await inspector.turnTo("Response");
  expect(await inspector.headLines()).toContain("Sec-WebSocket-Extensions: permessage-deflate");
  await expect(inspector.root).toContainText("permessage-deflate The server accepts: both sides may now compress messages.");
  const offer = inspector.offer("permessage-deflate; client_max_window_bits");
  await expect(offer).toContainText("Accepted");
  await expect(offer).toContainText("Answered with permessage-deflate.");
  for (const end of ["from the browser", "from the relay"]) {
    const cells = inspector.root.getByRole("row", { name: end }).getByRole("cell");
    await expect(cells).toHaveText(["earlier messages are the context", "32,768 B, 15 bits"]);
  }
});

test("without compression the offer is declined, with the reason, and the bytes are as they are", async ({ lab }) => {
  await lab.open();
  await expect(lab.compression).not.toBeChecked();
  await expect(lab.url).toHaveValue(/\?deflate=off$/);
  await lab.connect();
  const inspector = await lab.inspect(2);
  const offer = inspector.offer("permessage-deflate; client_max_window_bits");
  await expect(offer).toContainText("Declined");
  await expect(offer).toContainText("compression is switched off for this connection.");
  expect((await inspector.headLines()).filter((line) => line.startsWith("Sec-WebSocket-Extensions"))).toEqual([]);
  await lab.sendText("Hello");
  await lab.inspect(4);
  expect((await inspector.bytes())[0]).toBe(0x81);
  await expect(inspector.root.getByRole("heading", { name: "Inflating" })).toHaveCount(0);
});

test("a text is deflated, masked, and inflated again, and sent again takes far fewer bytes", async ({ lab }) => {
  await lab.open();
  await lab.compress();
  await lab.connect();
  await lab.sendText(TEXT_ALONE);
  await lab.expectRows(5);
  await lab.sendText(TEXT_ALONE);
  await lab.expectRows(7);

  let context: Buffer | undefined;
  const sizes: number[] = [];
  for (const [number, ours] of [[4, true], [6, true], [5, false], [7, false]] as const) {
    // The second message of each end has the first one as its context.
    if (number < 6) context = undefined;
    await test.step(`row ${number}`, async () => {
      const inspector = await lab.inspect(number);
      const sent = await expectInflates(inspector, TEXT_ALONE, { ours, context });
      const words = `deflated ${TEXT_ALONE.length} → ${sent.length} B${ours ? " · masked" : ""}`;
      await expect(lab.row(number)).toHaveAccessibleName(new RegExp(`TEXT ${TEXT_ALONE} FIN · RSV1 · ${words} `));
      await expect(inspector.root).toContainText(`${TEXT_ALONE.length} B of content was sent as ${sent.length} B:`);
      await expect(inspector.why("RSV1 1")).toContainText("The message is compressed.");
      await expect(inspector.root).toContainText(number < 6 ? "Send the same text again and compare." : "Context takeover: earlier messages");
      sizes[number] = sent.length;
    });
    context = Buffer.from(TEXT_ALONE);
  }
  expect(sizes[6]).toBeLessThan(sizes[4]! / 4);
  expect(sizes[7]).toBeLessThan(sizes[5]! / 4);
});

test("short messages get larger, and it is said why; an empty one is one byte", async ({ lab }) => {
  await lab.open();
  await lab.compress();
  await lab.connect();
  await lab.sendText("Hello");
  const inspector = await lab.inspect(/^From the relay: TEXT Hello /);
  // RFC 7692 §7.2.3.1
  expect((await inspector.bytes()).toString("hex")).toBe("c107f248cdc9c90700");
  await expect(inspector.root).toContainText("5 B of content was sent as 7 B: 2 B larger.");
  await expect(inspector.root).toContainText("A short message has little repetition");
  await inspector.turnTo("Message");
  await expect(inspector.root.getByRole("tabpanel")).toContainText("A text message of 5 B in one frame. It was sent compressed, as 7 B.");
  await inspector.turnTo("Both sides");
  await expect(inspector.bothSides("size").wire).toHaveText("9 B = 2 header + 7 payload, deflated");
  await expect(inspector.bothSides("compression").script).toHaveText("nothing");
  await expect(inspector.bothSides("compression").wire).toHaveText("5 B of content, deflated to 7 B");

  await lab.sendText("");
  await inspector.turnTo("Frame");
  await lab.inspect(/^To the relay: TEXT FIN · RSV1 · deflated 0 → 1 B/);
  // RFC 7692 §7.2.3.6
  expect((await inspector.deflated()).sent.toString("hex")).toBe("00");
  await expect(inspector.root).toContainText("Nothing: the message is empty.");
});

test("a large text that repeats itself gets many times smaller, and the front of it is shown", async ({ lab }) => {
  const text = JSON.stringify(Array.from({ length: 5_000 }, (_, id) => ({ id, name: `visitor ${id % 7}`, active: id % 2 === 0 })));
  const size = text.length.toLocaleString("en");
  await lab.open();
  await lab.compress();
  await lab.connect();
  await lab.sendText(text);
  const inspector = await lab.inspect(/^From the relay: .*onmessage/);
  const content = await inspector.inflated();
  expect(content.length).toBeGreaterThan(0);
  expect(text.startsWith(content.toString())).toBe(true);
  await inspector.root.getByRole("button", { name: "Show more" }).last().click();
  expect((await inspector.inflated()).length).toBeGreaterThan(content.length);
  await expect(inspector.root).toContainText(`${size} B of content was sent as`);
  await expect(inspector.root).toContainText("times smaller");
  await expect(inspector.root).toContainText(`The relay recorded the first 16,384 B of these ${size} B.`);
  await inspector.turnTo("Message");
  await expect(inspector.root.getByRole("tabpanel")).toContainText(`A text message of ${size} B in`);
  await expect(inspector.root.getByRole("tabpanel")).toContainText("It was sent compressed, as");
});

test("an image gets no smaller, and is shown again when it comes back", async ({ lab }) => {
  const image = noise(10, 10);
  await lab.open();
  await lab.compress();
  await lab.connect();
  await lab.sendFile({ name: "noise.png", mimeType: "image/png", buffer: image });
  const inspector = await lab.inspect(/^To the relay: BINARY PNG image, .* B FIN · RSV1 · deflated to/);
  await expect(inspector.root).toContainText("Data without repetition, such as a compressed image, does not get smaller");
  await expectInflates(inspector, image, { ours: true });
  const echo = lab.row(/^From the relay: BINARY/);
  await expect(echo.locator("img")).toHaveJSProperty("naturalWidth", 10);
});

test("terms in the URL are kept by the switch, agreed on, and felt", async ({ lab }) => {
  await lab.open();
  await lab.url.fill(`${lab.labUrl}?deflate=on&server_no_context_takeover&client_max_window_bits=9`);
  await expect(lab.compression).toBeChecked();
  await lab.connect();
  const inspector = await lab.inspect(2);
  const answer = "permessage-deflate; server_no_context_takeover; client_max_window_bits=9";
  expect(await inspector.headLines()).toContain(`Sec-WebSocket-Extensions: ${answer}`);
  await expect(inspector.root).toContainText("server_no_context_takeover The server compresses each message independently.");
  await expect(inspector.root).toContainText("client_max_window_bits=9 The client must use a window of at most 512 B.");
  const terms = (end: string) => inspector.root.getByRole("row", { name: end }).getByRole("cell");
  await expect(terms("from the browser")).toHaveText(["earlier messages are the context", "512 B, 9 bits"]);
  await expect(terms("from the relay")).toHaveText(["each message independently", "32,768 B, 15 bits"]);

  await lab.sendText(TEXT_ALONE);
  await lab.expectRows(5);
  await lab.sendText(TEXT_ALONE);
  await lab.inspect(5);
  const first = await expectInflates(inspector, TEXT_ALONE, { ours: false });
  await lab.inspect(7);
  expect(await expectInflates(inspector, TEXT_ALONE, { ours: false })).toEqual(first);
  await expect(inspector.root).toContainText("No context takeover: each message is compressed independently");
});

test("the switch shows what stands in the URL, and writes it there", async ({ lab, relay }) => {
  await lab.open();
  const { labUrl } = lab;
  await lab.url.fill(labUrl);
  await expect(lab.compression).toBeChecked();
  await lab.url.fill(`${labUrl}?deflate=on&server_max_window_bits=10`);
  await lab.compression.click();
  await expect(lab.compression).not.toBeChecked();
  // What is about compression alone would contradict it.
  await expect(lab.url).toHaveValue(`${labUrl}?deflate=off`);

  await lab.url.fill(`${relay.wsUrl}/echo`);
  await expect(lab.compression).toBeDisabled();
  await expect(lab.compression).toHaveAccessibleDescription(/Other servers choose this themselves/);
  await lab.compression.click({ force: true });
  await expect(lab.url).toHaveValue(`${relay.wsUrl}/echo`);
});

test("a contradiction in the URL is refused, and the relay says why", async ({ lab, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  await lab.open();
  await lab.url.fill(`${lab.labUrl}?deflate=off&server_max_window_bits=10`);
  await lab.pressConnect();
  await lab.expectState("CLOSED");
  const inspector = await lab.inspect(/^From the relay: 400 /);
  await expect(inspector.root).toContainText("server_max_window_bits requires compression, which deflate=off turns off; remove one of them");
});

test("the composer says that the length is not known before it is deflated", async ({ lab }) => {
  await lab.open();
  await expect(lab.composer).toContainText("When connected, on the wire: header 81 85, a 4-byte masking key, 5 B");
  await lab.compress();
  await expect(lab.composer).toContainText("When connected, on the wire: header c1 and the length, a 4-byte masking key, 5 B deflated");
  await lab.connect();
  await expect(lab.composer).toContainText("On the wire: header c1 and the length");
  // A control frame is never compressed. RFC 7692 §6.1.
  await lab.composeClose("1000");
  await expect(lab.composer).toContainText("On the wire: header 88 82, a 4-byte masking key, 2 B");
});

test("compression is switched by keyboard, and stands while there is a connection", async ({ lab, page }) => {
  await lab.open();
  await lab.subprotocols.focus();
  await page.keyboard.press("Tab");
  await expect(lab.compression).toBeFocused();
  await page.keyboard.press("Space");
  await expect(lab.compression).toBeChecked();
  await page.keyboard.press("Enter");
  await expect(lab.compression).not.toBeChecked();
  await page.keyboard.press("Enter");
  await expect(lab.compression).toBeChecked();
  await lab.connect();
  await expect(lab.compression).toBeDisabled();
  await expect(lab.compression).toHaveAccessibleDescription(/This was negotiated in the handshake/);
  await lab.compression.focus();
  await page.keyboard.press("Space");
  await expect(lab.compression).toBeChecked();
});

test("a compressed message in fragments has RSV1 on its first frame alone, and is found by its words", async ({ lab }) => {
  await lab.open();
  const client = await offering(lab, "permessage-deflate");
  const deflated = deflate("Fragmented and compressed.");
  client.send(frame({ opcode: TEXT, payload: deflated.subarray(0, 9), fin: false, rsv1: true }));
  client.send(frame({ opcode: CONTINUATION, payload: deflated.subarray(9) }));
  const inspector = await lab.inspect(/^To the relay: CONT .*fragment 2 · FIN · deflated \d+ → \d+ B/);
  await expect(inspector.why("RSV1 0")).toContainText("The message is compressed. Its first frame says so for all fragments.");
  await inspector.turnTo("Message");
  await expect(inspector.root.getByRole("tabpanel")).toContainText("A text message of 26 B in 2 fragments.");
  await expect(inspector.root.getByRole("tabpanel")).toContainText("Fragmented and compressed.");
  await lab.filter.fill("is:compressed from:relay compressed.");
  await expect(lab.row(/^From the relay: .*compressed\./)).toBeVisible();
});

for (const { name, bytes, row, breaks, says, code } of [
  {
    name: "a bit of compression that is set again within a message",
    bytes: [
      frame({ opcode: TEXT, payload: deflate("Hello").subarray(0, 3), fin: false, rsv1: true }),
      frame({ opcode: CONTINUATION, payload: deflate("Hello").subarray(3), rsv1: true }),
    ],
    row: /^To the relay: CONT .*breaks RFC 7692 §6\.1/,
    breaks: "breaks RFC 7692 §6.1",
    says: "RSV1 may only be set on the first frame of a message, but this is a continuation",
    code: 1002,
  },
  {
    name: "a payload that does not inflate",
    bytes: [frame({ opcode: TEXT, payload: Buffer.from("ffffffff", "hex"), rsv1: true })],
    row: /^To the relay: TEXT .*breaks RFC 7692 §7\.2\.2/,
    breaks: "breaks RFC 7692 §7.2.2",
    says: "the compressed payload is invalid and cannot be inflated",
    code: 1007,
  },
]) {
  test(`${name} is marked, and answered with ${code}`, async ({ lab }) => {
    await lab.open();
    const client = await offering(lab, "permessage-deflate");
    client.send(...bytes);
    const inspector = await lab.inspect(row);
    await expect(inspector.root).toContainText(breaks);
    await expect(inspector.root).toContainText(says);
    await expect(lab.row(new RegExp(`^CLOSED: the relay closed first, ${code}`))).toBeVisible();
  });
}

test("offers of other clients are answered one by one", async ({ lab }) => {
  await lab.open();
  await offering(lab, "x-unheard-of; y=1, permessage-deflate; server_max_window_bits=8, permessage-deflate; client_no_context_takeover");
  const inspector = await lab.inspect(2);
  for (const [offer, verdict, words] of [
    ["x-unheard-of; y=1", "Declined", "x-unheard-of is not an extension that this relay supports."],
    ["permessage-deflate; server_max_window_bits=8", "Declined", "this relay compresses with zlib, whose smallest window is 2^9 bytes, not 2^8"],
    ["permessage-deflate; client_no_context_takeover", "Accepted", "Accepted as offered."],
  ] as const) {
    await expect(inspector.offer(offer)).toContainText(verdict);
    await expect(inspector.offer(offer)).toContainText(words);
  }
  await expect(inspector.root.getByRole("row", { name: "from the client" }).getByRole("cell").first()).toHaveText("each message independently");
});

for (const width of [1440, 360]) {
  for (const [colorScheme, rules] of [["light", "all"], ["dark", "contrast"]] as const) {
    test.describe(`${width} px wide, ${colorScheme}`, () => {
      test.use({ viewport: { width, height: 860 }, colorScheme });

      test("axe finds nothing wrong where messages are compressed", async ({ lab, page }) => {
        await lab.open();
        await lab.compress();
        await test.step("the switch", () => expectAccessible(page, { rules }));
        await lab.connect();
        await lab.sendText("Hello");
        await lab.expectRows(5);
        await test.step("the rows", () => expectAccessible(page, { rules }));
        for (const [row, parts] of [[2, ["Request", "Response"]], [4, ["Frame", "Message", "Both sides"]]] as const) {
          const inspector = await lab.inspect(row);
          for (const part of parts) {
            await inspector.turnTo(part);
            await test.step(`row ${row}, ${part}`, () => expectAccessible(page, { rules, within: "aside[aria-label=Inspector]" }));
          }
          const back = inspector.root.getByRole("button", { name: "Back to the sequence" });
          if (await back.isVisible()) await back.click();
        }
      });
    });
  }
}

/** Another client, which offers these extensions. */
async function offering(lab: Lab, extensions: string): Promise<Client> {
  return Client.open(`${lab.labUrl}?deflate=on`, `Sec-WebSocket-Extensions: ${extensions}`);
}

/** A message's payload as permessage-deflate has it, without context. RFC 7692 §7.2.1. */
function deflate(text: string): Buffer {
  const deflated = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH });
  expect(deflated.subarray(-TAIL.length)).toEqual(TAIL);
  return deflated.subarray(0, -TAIL.length);
}

/**
 * The inspected frame is what zlib makes of `content`: its bytes, unmasked if they are `ours`, are those shown as deflated,
 * and with the tail these inflate to those shown as inflated. Gives the deflated bytes.
 */
async function expectInflates(
  inspector: Inspector,
  content: string | Buffer,
  { ours, context }: { ours: boolean; context?: Buffer | undefined },
): Promise<Buffer> {
  const more = inspector.root.getByRole("button", { name: "Show more" });
  while ((await more.count()) > 0) await more.first().click();
  const bytes = await inspector.bytes();
  // FIN, RSV1, and text or binary.
  expect(bytes[0]! & 0xf0).toBe(0xc0);
  expect(bytes[1]! & 0x80).toBe(ours ? 0x80 : 0);
  const header = 2 + ((bytes[1]! & 0x7f) === 126 ? 2 : 0) + (ours ? 4 : 0);
  const key = bytes.subarray(header - 4, header);
  const payload = ours ? bytes.subarray(header).map((byte, index) => byte ^ key[index % 4]!) : bytes.subarray(header);

  const { sent, unsent } = await inspector.deflated();
  expect(sent).toEqual(payload);
  expect(unsent).toEqual(TAIL);
  if (ours) expect(await inspector.unmasking("deflated")).toEqual(sent);
  const inflated = inflateRawSync(Buffer.concat([sent, TAIL]), {
    finishFlush: constants.Z_SYNC_FLUSH,
    ...(context === undefined ? {} : { dictionary: context }),
  });
  expect(inflated).toEqual(Buffer.from(content));
  expect(await inspector.inflated()).toEqual(inflated);
  return sent;
}
