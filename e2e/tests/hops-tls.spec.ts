// ws beside wss, HTTP/2, and what somebody on the path reads of each.
import { SOCKET_FAILED } from "../support/complaints.ts";
import { expect, test } from "../support/lab.ts";

const TLS = ["--tls-listen", "127.0.0.1:0", "--tls-self-signed"];

// The certificate is the relay's own.
test.use({ ignoreHTTPSErrors: true });

test("over ws the path reads everything, and the mask hides nothing", async ({ lab }) => {
  await lab.open();
  await lab.connect();
  await lab.sendText("read along");
  const inspector = await lab.inspect(/^To the relay: TEXT read along/);
  await inspector.turnTo("On the path");
  const path = inspector.root.getByRole("list", { name: "What crossed the wire" });
  await expect(inspector.root).toContainText("Not encrypted");
  await expect(path).toContainText("GET /lab/");
  await expect(path).toContainText("101 Switching Protocols");
  // The echo is bare; the client's frame is masked, until it is not.
  const words = Buffer.from("read along").toString("hex");
  const frames = path.getByRole("group", { name: /^The frame’s bytes in hex/ });
  const shown = () => frames.evaluateAll((groups) => groups.map((group) => [...group.querySelectorAll(".bytes > *")].map((it) => it.textContent).join("")));
  await expect(frames).toHaveCount(2);
  expect((await shown()).map((bytes) => bytes.endsWith(words))).toEqual([false, true]);
  await inspector.root.getByRole("button", { name: "Unmask" }).click();
  await expect(inspector.root).toContainText("Masking does not hide anything.");
  expect((await shown()).map((bytes) => bytes.endsWith(words))).toEqual([true, true]);
});

test("from a page on http, wss is an upgrade inside TLS, of which only records are seen", async ({ lab, startRelay, browserName }) => {
  test.skip(browserName === "firefox", "Firefox uses HTTP/2 for a wss:// URL from a page on http, too: there is no key and no upgrade");
  const relay = await startRelay(...TLS);
  await lab.open(relay.url.replace("127.0.0.1", "localhost"));
  await lab.route.takeWss();
  await lab.route.expectSummary("Direct · wss");
  await expect(lab.url).toHaveValue(new RegExp(`^${relay.wssUrl}/lab/`));
  await lab.connect();
  await lab.sendText("not for the path");
  await expect(lab.row(/^From the relay: TEXT not for the path/)).toBeVisible();

  const inspector = await lab.inspect(1);
  await expect(inspector.root).toContainText("TLS 1.3");
  await expect(inspector.root).toContainText("SNI localhost");
  await expect(inspector.root).toContainText("ALPN http/1.1");
  await inspector.turnTo("Key → accept");
  await inspector.derivation();

  await lab.inspect(/^To the relay: TEXT not for the path/);
  await inspector.turnTo("On the path");
  await expect(inspector.root).toContainText("Inside TLS");
  await expect(inspector.root.getByRole("row", { name: "host" })).toContainText("localhost, not encrypted");
  const path = inspector.root.getByRole("list", { name: "What crossed the wire" });
  await expect(path).toContainText("application_data");
  // 22 bytes of frame, a byte of type and 16 of tag: RFC 8446 §5.2.
  await expect(path).toContainText("length 39");
  await expect(path).not.toContainText("not for the path");
  await lab.close("1000");
  await lab.expectState("CLOSED");
});

test("a page on https has its WebSockets over HTTP/2", async ({ lab, startRelay }) => {
  const relay = await startRelay(...TLS);
  await lab.open(relay.tlsUrl);
  await lab.subprotocols.fill("chat");
  await lab.connect();
  await lab.sendText("on a stream");
  await expect(lab.row(/^From the relay: TEXT on a stream/)).toBeVisible();

  const inspector = await lab.inspect(1);
  const request = await inspector.headLines();
  expect(request.join("\n")).toMatch(/:method/);
  await expect(inspector.root).toContainText("CONNECT");
  await expect(inspector.root).toContainText("websocket");
  await expect(inspector.root).toContainText("ALPN h2");
  await inspector.turnTo("Response");
  await expect(inspector.root).toContainText(":status");
  await expect(inspector.root).toContainText("200");
  await expect(inspector.root).toContainText("chat");
  await inspector.turnTo("Why no key");
  await expect(inspector.root).toContainText("RFC 8441");

  await lab.inspect(/^To the relay: TEXT on a stream/);
  // Masked over HTTP/2 too.
  expect((await inspector.unmasking("message")).toString()).toBe("on a stream");
  await inspector.turnTo("On the path");
  await expect(inspector.root).toContainText("The page’s other requests and its feed share this HTTP/2 connection.");
  await lab.close("1000", "enough");
  await lab.expectState("CLOSED");
  await expect(lab.row(/onclose 1000/)).toBeVisible();
});

test("what needs a line of its own is refused over HTTP/2, and says so", async ({ lab, startRelay, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  const relay = await startRelay(...TLS);
  await lab.open(relay.tlsUrl);
  await lab.url.fill(`${await lab.url.inputValue()}&sec-accept=wrong`);
  await lab.pressConnect();
  await lab.expectState("CLOSED");
  const inspector = await lab.inspect(2);
  await expect(inspector.root).toContainText("this is a stream of an HTTP/2 connection");
});

test("without TLS the page says what to start the relay with", async ({ lab }) => {
  await lab.open();
  await lab.route.open();
  await expect(lab.route.offer("Encryption", "wss")).toBeDisabled();
  await expect(lab.route.sheet).toContainText("--tls-listen 127.0.0.1:8443 --tls-self-signed");
  await expect(lab.route.sheet).toContainText("--relay-to wss://host");
});
