// A browser tells a page nothing about a refusal; the relay does.
import { Client, handshake } from "../support/client.ts";
import { SOCKET_FAILED } from "../support/complaints.ts";
import { expect, test, type Lab } from "../support/lab.ts";

test("a refused browser sees error and 1006, and beside them why the relay refused", async ({ lab, startRelay, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  const relay = await startRelay("--session-connections", "1");
  await lab.open(relay.url);
  const first = await Client.open(lab.labUrl);
  await lab.expectRows(3);

  await lab.pressConnect();
  await lab.expectState("CLOSED");
  await expect(lab.row(4)).toHaveAccessibleName(/^To the relay: GET .*JavaScript: new WebSocket\(\)/);
  await expect(lab.row(5)).toHaveAccessibleName(
    /^From the relay: 503 Service Unavailable refused JavaScript: onerror, onclose 1006 Wire:/,
  );
  const inspector = await lab.inspect(5);
  await expect(inspector.title).toHaveText("Refused");
  await expect(inspector.root).toContainText("this session has reached its connection limit (1); close a connection first");
  await expect(inspector.root).toContainText("JavaScript gets only an error event and then close with 1006.");
  expect(await inspector.headLines()).toContain("HTTP/1.1 503 Service Unavailable");

  // With room again the same button works.
  first.hangUp();
  await expect(lab.row(/^CLOSED: no close frame/)).toBeVisible();
  await lab.connect();
});

const FAULTS = [
  {
    name: "a plain GET",
    fault: { leaveOut: ["Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"] },
    answer: "426 Upgrade Required",
    header: "Upgrade: websocket",
    why: "send the headers Upgrade: websocket and Connection: Upgrade",
  },
  {
    name: "a version of the past",
    fault: { leaveOut: ["Sec-WebSocket-Version"], add: ["Sec-WebSocket-Version: 8"] },
    answer: "426 Upgrade Required",
    header: "Sec-WebSocket-Version: 13",
    why: "Sec-WebSocket-Version: 8 is not supported; send 13",
  },
  {
    name: "no key",
    fault: { leaveOut: ["Sec-WebSocket-Key"] },
    answer: "400 Bad Request",
    header: "Connection: close",
    why: "Sec-WebSocket-Key is missing; send 16 random bytes in base64",
  },
  {
    name: "a key that is none",
    fault: { leaveOut: ["Sec-WebSocket-Key"], add: ["Sec-WebSocket-Key: c2hvcnQ="] },
    answer: "400 Bad Request",
    header: "Connection: close",
    why: "Sec-WebSocket-Key: c2hvcnQ= is not base64 of 16 bytes",
  },
];

test("the refusals of other clients appear live, each with its reason", async ({ lab }) => {
  await lab.open();
  let rows = 0;
  for (const { name, fault, answer, header, why } of FAULTS) {
    await test.step(name, async () => {
      const client = await Client.call(lab.labUrl);
      client.send(handshake(lab.labUrl, fault));
      expect(await client.head()).toContain(`HTTP/1.1 ${answer}\r\n`);
      rows += 2;
      await lab.expectRows(rows);
      await expect(lab.row(rows)).toHaveAccessibleName(
        new RegExp(`^From the relay: ${answer} refused JavaScript: not this page Wire:`),
      );
      const inspector = await lab.inspect(rows);
      await expect(inspector.root).toContainText("Why the relay refused");
      await expect(inspector.root).toContainText(why);
      await expect(inspector.root).toContainText("RFC 6455 §4.");
      expect(await inspector.headLines()).toContain(header);
      await client.ended();
    });
  }
});

test("a session that is not there is refused with 404, though a page cannot be told", async ({ lab, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  await lab.open();
  const unknown = lab.labUrl.replace(/\/lab\/.*/, `/lab/${"a".repeat(26)}`);
  const client = await Client.call(unknown);
  client.send(handshake(unknown));
  expect(await client.head()).toContain("HTTP/1.1 404 ");

  await lab.url.fill(unknown);
  await lab.pressConnect();
  await expectUnexplained(lab);
});

test("a port where nobody listens is error and 1006, and no more", async ({ lab, silentServer, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  const { url } = silentServer;
  await silentServer.stop();
  await lab.open();
  await lab.url.fill(url);
  await lab.pressConnect();
  await expectUnexplained(lab);
});

test("a name that does not resolve is error and 1006, and no more", async ({ lab, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  await lab.open();
  // RFC 6761 §6.4: no such name ever resolves.
  await lab.url.fill("ws://nowhere.invalid/");
  await lab.pressConnect();
  await expectUnexplained(lab);
});

/** What a page can know of a socket that never opened, with the reason why it is so little. */
async function expectUnexplained(lab: Lab): Promise<void> {
  await lab.expectState("CLOSED");
  await lab.expectSequence(
    /JavaScript: new WebSocket\(\) Wire:/,
    /JavaScript: onerror Wire:/,
    /JavaScript: onclose 1006 Wire:/,
  );
  const inspector = await lab.inspect(3);
  await expect(inspector.title).toHaveText("Seen only by the page");
  await expect(inspector.root).toContainText("1006 means that no close frame came.");
  await expect(inspector.root).toContainText("This socket leads to another server");
  await lab.inspect(2);
  await expect(inspector.root).toContainText("An error event gives no reason");
}
