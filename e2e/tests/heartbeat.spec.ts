// Heartbeats: pings that the browser answers by itself, and how long the answers took, drawn.
import { expectAccessible } from "../support/axe.ts";
import { CLOSE, Client, PING, PONG, frame } from "../support/client.ts";
import { expect, test } from "../support/lab.ts";

test("a heartbeat is answered unseen by JavaScript, and each round trip is told and drawn", async ({ lab, page }) => {
  await lab.open();
  await lab.url.fill(`${await lab.url.inputValue()}&ping-every=200ms`);
  await lab.connect();
  const pong = lab.row(/^To the relay: PONG .* masked · [\d.]+ ms JavaScript: nothing/);
  await expect(pong.nth(1)).toBeVisible();
  await expect(lab.row(/^From the relay: PING .*heartbeat JavaScript: nothing/).first()).toBeVisible();
  await expect(page.getByRole("region", { name: "Sequence" })).toContainText(/ping [\d.]+ ms/);

  await test.step("a ping says that and when it was answered", async () => {
    await lab.row(/^From the relay: PING/).first().click();
    const { root } = lab.inspector;
    await expect(root).toContainText("a heartbeat: the browser answers with a pong automatically.");
    await expect(root).toContainText("The browser answered automatically, as RFC 6455 §5.5.2 requires. JavaScript saw neither ping nor pong.");
    const picture = root.getByRole("img", { name: /^\d+ round trips, from [\d.]+ to [\d.]+ ms; the last took [\d.]+ ms\.$/ });
    await expect(picture).toBeVisible();
    // A dot for each, and the one that is looked at stands out.
    await expect(picture.locator("circle.this")).toHaveCount(1);
    expect(await picture.locator("circle").count()).toBeGreaterThanOrEqual(2);
  });

  await test.step("and a pong leads to its ping", async () => {
    await lab.inspector.root.getByRole("button", { name: "Show the pong" }).click();
    await expect(pong.first()).toHaveAttribute("aria-selected", "true");
    await lab.inspector.root.getByRole("button", { name: "Show the ping" }).click();
    await expect(lab.row(/^From the relay: PING/).first()).toHaveAttribute("aria-selected", "true");
    await test.step("axe", () => expectAccessible(page, { rules: "all", within: "aside[aria-label=Inspector]" }));
  });
});

test("a client that does not answer is closed with 1011, and the end says why", async ({ lab }) => {
  await lab.open();
  const client = await Client.open(`${lab.labUrl}?ping-every=100ms&pong-within=200ms`);
  const end = lab.row(/^CLOSED: the relay closed first, 1011/);
  expect((await client.bytes(2))[0]).toBe(0x80 | PING);
  await expect(lab.row(/^From the relay: CLOSE 1011 .*deliberate/)).toBeVisible();
  // A goodbye is answered all the same.
  client.send(frame({ opcode: CLOSE, payload: Buffer.of(0x03, 0xf3) }));
  await expect(end).toBeVisible();
  const inspector = await lab.inspect(/^CLOSED/);
  await expect(inspector.root).toContainText("Cause");
  await expect(inspector.root).toContainText("no pong arrived within the timeout of the behavior");
});

test("a pong that may answer several equal pings is marked as uncertain", async ({ lab }) => {
  await lab.open();
  const client = await Client.open(`${lab.labUrl}?ping-every=50ms&ping-payload=x`);
  // Two pings.
  await client.bytes(6);
  client.send(frame({ opcode: PONG, payload: Buffer.from("x") }));
  await lab.inspect(/^To the relay: PONG x FIN · 1 B · masked · [\d.]+ ms \(uncertain\)/);
  const { root } = lab.inspector;
  await expect(root).toContainText("Several pings had this payload");
  await expect(root.getByRole("img", { name: /uncertain: the pong may answer another ping/ })).toBeVisible();
});

test("without a ping there is nothing to draw", async ({ lab, page }) => {
  await lab.open();
  await lab.connect();
  await lab.sendText("Hello");
  await expect(lab.row(5)).toBeVisible();
  // The help of the filter, which is hidden, has pings too.
  await expect(page.getByRole("region", { name: "Sequence" })).not.toContainText("ping ", { useInnerText: true });
  await lab.inspect(5);
  await expect(lab.inspector.root.getByRole("img")).toHaveCount(0);
});
