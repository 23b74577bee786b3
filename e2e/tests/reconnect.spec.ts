// The feed comes back by itself, and has lost nothing; a relay that forgot the session says so.
import { Client, TEXT, frame } from "../support/client.ts";
import { REQUEST_FAILED, SOCKET_FAILED } from "../support/complaints.ts";
import { expect, test } from "../support/lab.ts";
import { partsLoaded } from "../support/parts.ts";

test.beforeEach(({ complaints }) => complaints.expect(SOCKET_FAILED, REQUEST_FAILED));

test("what happens while the feed is cut is there when it is back, once and in order", async ({ lab, page, relay, lineTo }) => {
  const line = await lineTo(relay.url);
  await lab.open(line.url);
  await partsLoaded(page);
  // Another client has its own way to the relay, which is not cut.
  const client = await Client.open(lab.labUrl.replace(new URL(line.url).host, new URL(relay.url).host));
  client.send(frame({ opcode: TEXT, payload: "before" }));
  await lab.expectRows(5);

  line.cut();
  await expect(lab.banner).toContainText("The connection to the relay is lost.");
  for (const payload of ["meanwhile 1", "meanwhile 2", "meanwhile 3"]) {
    client.send(frame({ opcode: TEXT, payload }));
    await client.bytes(2 + payload.length);
  }
  await lab.expectRows(5);

  line.mend();
  await expect(lab.banner).toBeEmpty();
  client.send(frame({ opcode: TEXT, payload: "after" }));
  await lab.expectRows(13);
  const texts = ["before", "meanwhile 1", "meanwhile 2", "meanwhile 3", "after"];
  const exchanged = texts.flatMap((text) => [
    new RegExp(`^To the relay: TEXT ${text} `),
    new RegExp(`^From the relay: TEXT ${text} `),
  ]);
  await lab.expectSequence(/^To the relay: GET/, /^From the relay: 101/, /^OPEN/, ...exchanged);
});

test("the page's own connection that was cut with the feed is told both ways", async ({ lab, page, relay, lineTo }) => {
  const line = await lineTo(relay.url);
  await lab.open(line.url);
  await partsLoaded(page);
  await lab.connect();
  await lab.sendText("Hello");
  await expect(lab.row(5)).toHaveAccessibleName(/onmessage "Hello"/);
  line.cut();
  await lab.expectState("CLOSED");
  await expect(lab.banner).toContainText("The connection to the relay is lost.");

  line.mend();
  await expect(lab.banner).toBeEmpty();
  await expect(lab.row(/^CLOSED: no close frame JavaScript: .*onclose 1006/)).toBeVisible();
  await lab.expectRows(6);
  await lab.connect();
  await lab.expectRows(9);
});

test("a relay that was away is found again, and a new session begins where it forgot the old one", async ({ lab, page, startRelay }) => {
  const relay = await startRelay();
  await lab.open(relay.url);
  await partsLoaded(page);
  const address = page.url();
  await lab.connect();
  await lab.sendText("Hello");
  await expect(lab.row(5)).toBeVisible();

  await relay.crash();
  await lab.expectState("CLOSED");
  await expect(lab.banner).toContainText("The connection to the relay is lost.");
  await expect(lab.row(4)).toBeVisible();

  await relay.startAgain();
  await expect(lab.banner).toContainText("This session has ended.");
  // What was seen stays until the visitor leaves.
  await expect(lab.row(5)).toHaveAccessibleName(/^From the relay: TEXT Hello/);
  await lab.banner.getByRole("link", { name: "Start a new session" }).click();
  await page.waitForURL((url) => url.href !== address && url.pathname.startsWith("/s/"));
  await expect(lab.banner).toBeEmpty();
  await lab.connect();
  await lab.sendText("again");
  await expect(lab.row(5)).toHaveAccessibleName(/^From the relay: TEXT again/);
});

test("a page that finds no relay for its session says so, and works once there is one", async ({ lab, page, startRelay, context }) => {
  const relay = await startRelay();
  // The page's files come, and then nothing more.
  await context.route("**/api/sessions", (route) => route.abort("connectionrefused"), { times: 1 });
  await page.goto(relay.url);
  await expect(lab.banner).toContainText("The relay does not answer. Is it running?");
  await lab.banner.getByRole("button", { name: "Retry" }).click();
  await page.waitForURL(/\/s\/[a-z2-7]{26}$/);
  await lab.connect();
});

test("a relay with no room for another session says so", async ({ lab, page, startRelay, request }) => {
  const relay = await startRelay("--max-sessions", "1");
  const { lab: taken } = (await (await request.post(`${relay.url}/api/sessions`)).json()) as { lab: string };
  // One that nobody has used would make way.
  await Client.open(`${relay.wsUrl}${taken}`);
  await page.goto(relay.url);
  await expect(lab.banner).toContainText("The relay could not create a session: all 1 sessions of this relay are in use");
});
