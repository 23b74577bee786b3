// Another client in the session: a bare TCP socket whose bytes are written down here, right and wrong.
import { BINARY, CLOSE, CONTINUATION, Client, PING, TEXT, frame } from "../support/client.ts";
import { expect, test } from "../support/lab.ts";

/** The masking key of RFC 6455 §5.7. */
const KEY = Buffer.from("37fa213d", "hex");

test("what another client sends appears live, though it comes byte by byte", async ({ lab }) => {
  await lab.open();
  const client = await Client.open(lab.labUrl);
  await lab.expectRows(3);
  await expect(lab.row(1)).toHaveAccessibleName(/JavaScript: not this page/);
  // RFC 6455 §5.7: a masked text message of “Hello”.
  const hello = Buffer.from("818537fa213d7f9f4d5158", "hex");
  expect(frame({ opcode: TEXT, payload: "Hello", key: KEY })).toEqual(hello);
  await client.drip(hello);
  expect((await client.bytes(7)).toString("latin1")).toBe("\x81\x05Hello");

  const inspector = await lab.inspect(4);
  await expect(lab.row(4)).toHaveAccessibleName(/^To the relay: TEXT Hello FIN · 5 B · masked .*Wire: 81 85 37 fa 21 3d \+ 5/);
  expect(await inspector.bytes()).toEqual(hello);
  await inspector.turnTo("Both sides");
  await expect(inspector.bothSides("event").script).toHaveText("not this page’s socket");

  client.send(frame({ opcode: CLOSE, payload: Buffer.of(0x03, 0xe8) }));
  expect((await client.ended()).toString("hex")).toBe("880203e8");
  await expect(lab.row(/^CLOSED: the client closed first, 1000/)).toBeVisible();
});

test("a text in fragments with a ping between them is shown piece by piece and put together", async ({ lab }) => {
  await lab.open();
  const client = await Client.open(lab.labUrl);
  client.send(frame({ opcode: TEXT, payload: "Frag", fin: false }));
  client.send(frame({ opcode: PING, payload: "still there?" }));
  client.send(frame({ opcode: CONTINUATION, payload: "men", fin: false }));
  client.send(frame({ opcode: CONTINUATION, payload: "ted" }));

  // The relay's echoes and its pong come between, in an order that depends on how the bytes arrived.
  await lab.expectRows(11);
  for (const words of [
    /^To the relay: TEXT Frag fragment 1 · 4 B · masked/,
    /^To the relay: PING still there\? FIN · 12 B · masked/,
    /^To the relay: CONT men fragment 2 · 3 B · masked/,
    /^To the relay: CONT ted fragment 3 · FIN · 3 B · masked/,
    /^From the relay: TEXT Frag fragment 1 · 4 B/,
    /^From the relay: PONG still there\? FIN · 12 B/,
    /^From the relay: CONT men fragment 2/,
    /^From the relay: CONT ted fragment 3 · FIN/,
  ]) {
    await expect(lab.row(words)).toHaveCount(1);
  }

  const inspector = await lab.inspect(/^To the relay: CONT men/);
  await inspector.turnTo("Message");
  const panel = inspector.root.getByRole("tabpanel");
  await expect(panel).toContainText("A text message of 10 B in 3 fragments.");
  await expect(panel).toContainText("Fragmented");
  const fragments = inspector.root.getByRole("list", { name: "Fragments" }).getByRole("button");
  await expect(fragments).toHaveText(["4 B", "3 B", "3 B"]);
  await fragments.last().click();
  await expect(lab.row(/^To the relay: CONT ted/)).toHaveAttribute("aria-selected", "true");

  await lab.inspect(/^To the relay: PING/);
  await expect(panel).toContainText("A control frame is not part of a message.");
});

const MALFORMED = [
  {
    name: "an unmasked frame",
    bytes: frame({ opcode: TEXT, payload: "Hello", key: null }),
    row: /^To the relay: TEXT Hello FIN · 5 B · breaks §5\.1/,
    says: "a client must mask every frame, but this one is not masked",
    code: 1002,
  },
  {
    name: "a reserved opcode",
    bytes: frame({ opcode: 0x3, payload: "" }),
    row: /^To the relay: OPCODE 3 .*breaks §5\.2/,
    says: "opcode 0x3 is reserved",
    code: 1002,
  },
  {
    name: "a reserved bit",
    bytes: Buffer.from("c18037fa213d", "hex"),
    row: /^To the relay: TEXT .*breaks §5\.2/,
    says: "RSV1 is set, but no negotiated extension defines it",
    code: 1002,
  },
  {
    name: "a continuation of nothing",
    bytes: frame({ opcode: CONTINUATION, payload: "and so on" }),
    row: /^To the relay: CONT and so on .*breaks §5\.4/,
    says: "a continuation frame arrived, but no message is open to continue",
    code: 1002,
  },
  {
    name: "a text that is no UTF-8",
    bytes: frame({ opcode: TEXT, payload: Buffer.of(0x61, 0xff) }),
    row: /^To the relay: TEXT .*breaks §8\.1/,
    says: "a text message must be valid UTF-8, but byte 1 of this one is not",
    code: 1007,
  },
  {
    name: "a frame far over the limit",
    bytes: Buffer.from("82ff000000004000000037fa213d", "hex"),
    row: /^To the relay: BINARY 1,073,741,824 B .*over the limit/,
    says: "a frame of 1073741824 bytes exceeds this relay's limit of",
    code: 1009,
  },
];

for (const { name, bytes, row, says, code } of MALFORMED) {
  test(`${name} is dissected all the same, marked, and answered with ${code}`, async ({ lab }) => {
    await lab.open();
    const client = await Client.open(lab.labUrl);
    client.send(bytes);
    const goodbye = await client.ended();
    expect(goodbye[0]).toBe(0x88);
    expect(goodbye.readUInt16BE(2)).toBe(code);

    const inspector = await lab.inspect(row);
    expect(await inspector.bytes()).toEqual(bytes);
    await expect(inspector.root).toContainText(says);
    await expect(inspector.root).toContainText(`The receiver answers with close frame ${code} (`);
    await expect(lab.row(new RegExp(`^From the relay: CLOSE ${code} `))).toBeVisible();
    await expect(lab.row(new RegExp(`^CLOSED: the relay closed first, ${code} `))).toBeVisible();

    await lab.filter.fill("is:wrong");
    await lab.expectSequence(row, /^CLOSED: the relay closed first/);
  });
}

test("a line that is cut leaves an end without goodbyes", async ({ lab }) => {
  await lab.open();
  const client = await Client.open(lab.labUrl);
  client.send(frame({ opcode: BINARY, payload: "half a message", fin: false }));
  await expect(lab.row(/^From the relay: BINARY/)).toBeVisible();
  client.hangUp();
  const inspector = await lab.inspect(/^CLOSED: no close frame/);
  await expect(inspector.root).toContainText("Neither side sent a close frame.");
});
