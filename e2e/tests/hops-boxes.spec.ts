// Middleboxes on the way, not encrypted and in front of TLS: what each does to a connection of the browser's.
import { SOCKET_FAILED } from "../support/complaints.ts";
import { expect, test } from "../support/lab.ts";

const TLS = ["--tls-listen", "127.0.0.1:0", "--tls-self-signed", "--box-listen", "127.0.0.1:0"];

test.use({ ignoreHTTPSErrors: true });

test("an old proxy drops the upgrade, and the browser is told nothing but 1006", async ({ lab, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  await lab.open();
  await lab.route.takeBox("An old proxy");
  await lab.route.expectSummary("Through old-proxy · ws");
  await lab.pressConnect();
  await lab.expectState("CLOSED");
  // Both legs: the request, what becomes of it, and the 426 on both.
  await expect(lab.row(/to old-proxy/).first()).toBeVisible();
  await expect(lab.row(/^From old-proxy to the relay/)).toBeVisible();
  await expect(lab.row(/onclose 1006/)).toBeVisible();
  const inspector = await lab.inspect(1);
  await expect(inspector.root).toContainText("Client side of the hop: the client to old-proxy");
  const upgrade = inspector.root.locator(".changes .gone", { hasText: "Upgrade" });
  await expect(upgrade).toContainText("removed");
  await inspector.root.getByRole("button", { name: /^Show the other side/ }).click();
  await expect(inspector.root).toContainText("Server side of the hop: old-proxy to the relay");
  await inspector.turnTo("Response");
  await expect(inspector.root).toContainText("426");
});

test("a silent line is cut, and a heartbeat of the server keeps it alive", { tag: "@waiting" }, async ({ lab }) => {
  await lab.open();
  await lab.route.open();
  await lab.route.offer("Middlebox", "A proxy with an idle timeout").click();
  await lab.route.setting("after").fill("2s");
  await lab.route.done();
  await expect(lab.url).toHaveValue(/\/via\/idle-cut,after=2s\/lab\//);
  // It is open for two seconds, which on a busy machine is too short to be sure to see it.
  await lab.pressConnect();
  await expect(lab.row(/^OPEN \(browser – idle-cut\)/)).toBeVisible();
  await lab.expectState("CLOSED");
  await expect(lab.row(/onclose 1006/)).toBeVisible();
  await expect(lab.row(/there was no traffic in either direction for 2s/)).toBeVisible();

  await lab.url.fill(`${await lab.url.inputValue()}&ping-every=200ms`);
  await lab.connect();
  // Three times as long as the box waits, in pings and pongs on both legs.
  const counted = lab.page.getByText(/^\d+ frames · /);
  const frames = async () => Number((await counted.innerText()).split(" ")[0]);
  await expect.poll(frames).toBeGreaterThan(120);
  await lab.expectState("OPEN");
});

test("a buffering proxy withholds small frames", async ({ lab }) => {
  await lab.open();
  await lab.route.open();
  await lab.route.offer("Middlebox", "A buffering proxy").click();
  await lab.route.setting("wait").fill("700ms");
  await lab.route.done();
  await lab.connect();
  await lab.sendText("small");
  await expect(lab.row(/the proxy held \d+ bytes from the server for \d+ ms/)).toBeVisible();
  await expect(lab.row(/onmessage "small"/)).toBeVisible();
  // A frame on each leg, each way.
  await expect(lab.row(/TEXT small/)).toHaveCount(4);
});

test("a slow line takes its time", async ({ lab }) => {
  await lab.open();
  await lab.route.open();
  await lab.route.offer("Middlebox", "A slow connection").click();
  await lab.route.setting("latency").fill("300ms");
  await lab.route.done();
  await lab.connect();
  const before = await lab.page.evaluate(() => performance.now());
  await lab.sendText("late");
  await expect(lab.row(/onmessage "late"/)).toBeVisible();
  // There and back, each way as late as was said.
  expect((await lab.page.evaluate(() => performance.now())) - before).toBeGreaterThan(600);
});

test("a reset comes in the middle of a message", async ({ lab, complaints }) => {
  // Firefox logs a reset, Chromium does not.
  complaints.expect(SOCKET_FAILED);
  await lab.open();
  await lab.route.takeBox("A proxy that resets the connection");
  await lab.connect();
  await lab.sendText("x".repeat(100));
  await lab.expectState("CLOSED");
  await expect(lab.row(/onclose 1006/)).toBeVisible();
  await expect(lab.row(/the proxy resets both TCP connections/)).toBeVisible();
});

test("a reverse proxy passes the request on as its own", async ({ lab }) => {
  await lab.open();
  await lab.route.takeBox("A reverse proxy");
  await lab.connect();
  await lab.sendText("through");
  await expect(lab.row(/onmessage "through"/)).toBeVisible();
  const inspector = await lab.inspect(1);
  const changes = inspector.root.locator(".changes");
  await expect(changes.locator(".changed", { hasText: "Host" })).toContainText("backend.internal");
  await expect(changes.locator(".added", { hasText: "X-Forwarded-For" })).toContainText("127.0.0.1");
  await expect(changes.locator(".added", { hasText: "Via" })).toBeVisible();
});

test("in front of TLS an old proxy finds nothing to drop, and the connection opens", async ({ lab, startRelay }) => {
  const relay = await startRelay(...TLS);
  await lab.open(relay.url.replace("127.0.0.1", "localhost"));
  await lab.route.choose(["Encryption", "wss"], ["Middlebox", "An old proxy"]);
  await expect(lab.url).not.toHaveValue(/\/via\//);
  await lab.connect();
  await lab.sendText("unseen by the box");
  await expect(lab.row(/onmessage "unseen by the box"/)).toBeVisible();
  const tunnel = lab.row(/TLS/).first();
  await tunnel.click();
  await expect(lab.inspector.root).toContainText("names the host localhost without encryption");
  await expect(lab.inspector.root).toContainText("the proxy has nothing to remove here");
  await expect(lab.inspector.root).not.toContainText("unseen by the box");
});

test("in front of TLS a silent line is cut all the same", { tag: "@waiting" }, async ({ lab, startRelay, complaints }) => {
  // Firefox logs a reset, Chromium does not.
  complaints.expect(SOCKET_FAILED);
  const relay = await startRelay(...TLS);
  await lab.open(relay.url.replace("127.0.0.1", "localhost"));
  await lab.route.choose(["Encryption", "wss"], ["Middlebox", "A proxy with an idle timeout"]);
  await lab.connect();
  // Six seconds, as it is from the start.
  await expect(lab.row(/onclose 1006/)).toBeVisible();
  await expect(lab.row(/so the proxy \w+ both TCP connections/)).toBeVisible();
});
