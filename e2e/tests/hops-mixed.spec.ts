// What a page on https may open. The browser makes an exception for hosts that are this machine by name, so the page must be
// of another host, which leads here all the same.
import { expect, test } from "../support/lab.ts";

test.use({
  ignoreHTTPSErrors: true,
  launchOptions: async ({ launchOptions }, use) => {
    await use({ ...launchOptions, args: [...(launchOptions.args ?? []), "--host-resolver-rules=MAP page.example 127.0.0.1"] });
  },
});

const TLS = ["--tls-listen", "127.0.0.1:0", "--tls-self-signed", "--tls-name", "page.example"];

test("a page on https may not open ws, and is told so before anything is sent", async ({ lab, startRelay, complaints }) => {
  complaints.expect(/^Mixed Content: /);
  const relay = await startRelay(...TLS);
  await lab.open(relay.tlsUrl.replace("localhost", "page.example"));
  await lab.route.open();
  const forbidden = await lab.route.tries(/ws:\/\/page\.example:\d+/);
  await expect(forbidden).toContainText("It threw SecurityError.");
  await expect(forbidden).toContainText("An insecure WebSocket connection may not be initiated from a page loaded over HTTPS");
  await expect(await lab.route.tries(/wss:\/\/page\.example/)).toContainText("The connection opened.");
});

test("on http it may open both", async ({ lab, startRelay, complaints }) => {
  // Of no use to a page that promises nothing, and Chromium says so.
  complaints.expect(/^The Cross-Origin-Opener-Policy header has been ignored/);
  const relay = await startRelay(...TLS);
  await lab.open(relay.url.replace("127.0.0.1", "page.example"));
  await lab.route.open();
  await expect(await lab.route.tries(/ws:\/\/page\.example:\d+/)).toContainText("The connection opened.");
  await expect(await lab.route.tries(/wss:\/\/page\.example/)).toContainText("The connection opened.");
});

test("on https this machine itself is excepted", async ({ lab, startRelay }) => {
  const relay = await startRelay(...TLS);
  await lab.open(relay.tlsUrl);
  await lab.route.open();
  await expect(await lab.route.tries(/ws:\/\/localhost:\d+/)).toContainText("The connection opened.");
});
