// Two relays that share their sessions through Redis, behind nginx: which relay has what is nothing that a learner notices, and
// neither is the end of one of them.
import { Client, frame, TEXT } from "../support/client.ts";
import { ChallengePage, ENDED } from "../support/challenge.ts";
import { expect, test, type Cluster } from "../support/cluster.ts";
import { REQUEST_FAILED, SOCKET_FAILED } from "../support/complaints.ts";
import { Console } from "../support/console.ts";
import type { Outline } from "../support/course.ts";

test.beforeEach(({ complaints }) => complaints.expect(SOCKET_FAILED, REQUEST_FAILED));

test("a page shows connections to both relays, and its commands and exports reach both", async ({ lab, cluster }) => {
  await lab.open(cluster.url);
  const path = new URL(lab.labUrl).pathname;
  const relaySide = new Console(lab);
  for (const [index, { relay }] of cluster.relays.entries()) {
    const number = index + 1;
    const client = await Client.open(relay.wsUrl + path);
    client.send(frame({ opcode: TEXT, payload: `to ${number}` }));
    expect((await client.bytes(6)).subarray(2).toString()).toBe(`to ${number}`);
    await expect(lab.row(new RegExp(`^To the relay: TEXT to ${number} `))).toBeVisible();
    await expect(lab.row(new RegExp(`^From the relay: TEXT to ${number} `))).toBeVisible();

    if (number === 1) await relaySide.open();
    else await relaySide.connection.selectOption(`connection ${number}`);
    await relaySide.choose("Text");
    await relaySide.field("Text").fill(`from ${number}`);
    await relaySide.send();
    expect((await client.bytes(8)).subarray(2).toString()).toBe(`from ${number}`);
    await expect(lab.row(new RegExp(`^From the relay: TEXT from ${number} `))).toBeVisible();
  }
  const exported = await exports(cluster, path.slice("/lab/".length));
  expect(exported[0]).toEqual(exported[1]);
  for (const text of ["to 1", "from 1", "to 2", "from 2"]) {
    expect(exported[0]).toContain(`"payload":"${Buffer.from(text).toString("base64")}"`);
  }
});

test("a relay that dies ends its connections, and the page goes on with the other", async ({ lab, cluster }) => {
  await lab.open(cluster.url);
  for (const round of [1, 2]) {
    await lab.connect();
    await lab.sendText(`before ${round}`);
    await expect(lab.row(new RegExp(`^From the relay: TEXT before ${round} .*Wire:`))).toBeVisible();
    const { relay } = await cluster.withConnection();
    await relay.crash();
    await lab.expectState("CLOSED");
    // The other relay has found out, and the page's feed is there.
    await expect(lab.row(/^CLOSED: the relay that had it is gone/)).toHaveCount(round);
    await expect(lab.banner).toBeEmpty();
    await lab.connect();
    await lab.sendText(`after ${round}`);
    await expect(lab.row(new RegExp(`^From the relay: TEXT after ${round} .*Wire:`))).toBeVisible();
    await lab.close("1000");
    await lab.expectState("CLOSED");
    // In the second round, the other relay may be the one that dies.
    await relay.startAgain();
  }
  // Far up, where the page has drawn no rows yet.
  await lab.sequence.focus();
  await lab.page.keyboard.press("Home");
  await expect(lab.row(/^From the relay: TEXT before 1 /)).toBeVisible();
});

test("a lesson goes on when a relay dies, and its progress stays", async ({ lesson, cluster }) => {
  const { lessons } = (await (await fetch(`${cluster.url}/api/course`)).json()) as Outline;
  const live = lessons.find(({ id }) => id === "close-codes")!.pieces.filter(({ kind }) => kind === "live");
  const pieces = live.map(({ id }) => lesson.piece(id));
  expect(pieces.length).toBeGreaterThan(1);
  await lesson.open(cluster.relays[0].relay, "close-codes", cluster.url);
  await pieces[0]!.run();
  await pieces[0]!.expectDone();
  for (const { relay } of cluster.relays) {
    await relay.crash();
    await pieces[1]!.run();
    await pieces[1]!.expectDone();
    await expect(pieces[1]!.root.getByRole("alert").filter({ hasText: /./ })).toHaveCount(0);
    await relay.startAgain();
  }
  await lesson.page.reload();
  await pieces[0]!.expectDone();
  await pieces[1]!.expectDone();
});

test("a challenge goes on when a relay dies in an attempt, and any relay verifies the receipt", async ({ page, cluster }) => {
  const challenge = new ChallengePage(page);
  await page.goto(`${cluster.url}/challenges/first-echo`);
  await challenge.ready();
  const session = await challenge.labUrl();
  await challenge.write(`const socket = new WebSocket(lab.url);
    socket.onopen = () => console.log("waiting");
    await new Promise((resolve) => (socket.onclose = resolve));`);
  await challenge.run.click();
  await expect(challenge.console).toContainText("waiting");
  const { relay } = await cluster.withConnection();
  await relay.crash();
  await expect(challenge.state).toHaveText(ENDED);
  await expect(challenge.evidence.getByRole("option", { name: /^CLOSED: the relay that had it is gone/ })).toBeVisible();

  await challenge.try(`const socket = new WebSocket(lab.url);
    socket.onopen = () => socket.send("hello");
    socket.onmessage = () => socket.close();`);
  await expect(challenge.passed).toBeVisible();
  expect(await challenge.labUrl()).toBe(session);
  const receipt = await challenge.getReceipt("Ada Lovelace");
  // It has signed nothing, and has not been there since.
  await relay.startAgain();
  const answer = await page.request.post(`${relay.url}/api/receipts/verify`, { data: receipt });
  expect(answer.status()).toBe(200);
  expect(JSON.stringify(await answer.json())).toContain("Ada Lovelace");
});

test("without Redis the page says that recording is interrupted, and it comes back", async ({ lab, cluster }) => {
  await lab.open(cluster.url);
  await lab.connect();
  await cluster.redis.stop();
  await expect(lab.banner).toContainText("Recording is interrupted");
  await lab.sendText("unrecorded");
  // What JavaScript saw, which needs no relay.
  await expect(lab.row(/JavaScript: onmessage "unrecorded"/)).toBeVisible();
  await lab.expectState("OPEN");

  await cluster.redis.start();
  await expect(lab.banner).toBeEmpty();
  await lab.sendText("recorded");
  await expect(lab.row(/^From the relay: TEXT recorded .*Wire:/)).toBeVisible();
});

/** The session's observations as each relay has them. */
function exports(cluster: Cluster, session: string): Promise<string[]> {
  const observations = async (url: string) => {
    const answer = await fetch(`${url}/api/sessions/${session}/export.json`);
    return JSON.stringify(((await answer.json()) as { observations: unknown }).observations);
  };
  return Promise.all(cluster.relays.map(({ relay }) => observations(relay.url)));
}
