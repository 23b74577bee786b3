// The pictures of docs/hops.md, made from the page as it is: FRAMESCOPE_PICTURES=1 cargo xtask test e2e -- hops-pictures
import path from "node:path";

import { SOCKET_FAILED } from "../support/complaints.ts";
import { expect, test, type Lab } from "../support/lab.ts";

const FOLDER = path.resolve(import.meta.dirname, "../../docs/pictures");
const TLS = ["--tls-listen", "127.0.0.1:0", "--tls-self-signed"];

test.skip(process.env.FRAMESCOPE_PICTURES !== "1", "pictures are made with FRAMESCOPE_PICTURES=1");
test.use({ ignoreHTTPSErrors: true, viewport: { width: 1440, height: 860 }, colorScheme: "light" });

async function picture(lab: Lab, name: string): Promise<void> {
  // Nothing blinks, nothing is pointed at.
  await lab.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await lab.page.mouse.move(0, 0);
  await lab.page.screenshot({ path: path.join(FOLDER, `hops-${name}.png`), animations: "disabled" });
}

test("what an eavesdropper reads of wss", async ({ lab, startRelay }) => {
  const relay = await startRelay(...TLS);
  await lab.open(relay.url.replace("127.0.0.1", "localhost"));
  await lab.route.takeWss();
  await lab.connect();
  await lab.sendText("Hello");
  await expect(lab.row(/onmessage "Hello"/)).toBeVisible();
  const inspector = await lab.inspect(/^To the relay: TEXT Hello/);
  await inspector.turnTo("On the path");
  await expect(inspector.root).toContainText("Inside TLS");
  await picture(lab, "eavesdropper");
});

test("a handshake over HTTP/2", async ({ lab, startRelay }) => {
  const relay = await startRelay(...TLS);
  await lab.open(relay.tlsUrl);
  await lab.connect();
  await lab.sendText("Hello");
  await expect(lab.row(/onmessage "Hello"/)).toBeVisible();
  const inspector = await lab.inspect(1);
  await expect(inspector.root).toContainText("CONNECT");
  await picture(lab, "http2");
});

test("an old proxy", async ({ lab, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  await lab.open();
  await lab.route.takeBox("An old proxy");
  await lab.pressConnect();
  await lab.expectState("CLOSED");
  await lab.inspect(1);
  await expect(lab.inspector.root).toContainText("removed");
  await picture(lab, "old-proxy");
});

test("a silent line that is cut", async ({ lab }) => {
  await lab.open();
  await lab.route.open();
  await lab.route.offer("Middlebox", "A proxy with an idle timeout").click();
  await lab.route.setting("after").fill("2s");
  await lab.route.done();
  await lab.connect();
  await lab.sendText("Still there?");
  await expect(lab.row(/onmessage "Still there\?"/)).toBeVisible();
  await lab.expectState("CLOSED");
  await lab.inspect(/there was no traffic in either direction/);
  await picture(lab, "idle-cut");
});
