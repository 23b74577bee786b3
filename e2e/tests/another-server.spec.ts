// Any WebSocket server will do; where the relay does not watch, the page says what it cannot show.
import { SOCKET_FAILED } from "../support/complaints.ts";
import { expect, test } from "../support/lab.ts";

test("a server that nobody watches shows what JavaScript saw, and says what is missing", async ({ lab, relay }) => {
  await lab.open();
  await lab.url.fill(`${relay.wsUrl}/echo`);
  await expect(lab.url).toHaveAccessibleDescription(/This is another server, so the page shows only what JavaScript sees/);
  await lab.subprotocols.fill("chat");
  await lab.connect();
  await lab.sendText("Hello");
  await lab.sendHex("00 ff");
  await lab.close("4000", "enough");
  await lab.expectState("CLOSED");
  await lab.expectSequence(
    /JavaScript: new WebSocket\(\) Wire:/,
    /JavaScript: onopen Wire:/,
    /JavaScript: send\("Hello"\) Wire:/,
    /JavaScript: onmessage "Hello" Wire:/,
    /JavaScript: send\(2 B\) Wire:/,
    /JavaScript: (onmessage 2 B|close\(4000, "enough"\)) Wire:/,
    /JavaScript: (onmessage 2 B|close\(4000, "enough"\)) Wire:/,
    /JavaScript: onclose 4000 Wire:/,
  );

  const inspector = await lab.inspect(2);
  await expect(inspector.title).toHaveText("Seen only by the page");
  await expect(inspector.root).toContainText("The handshake is complete. Subprotocol: chat. Extensions: permessage-deflate.");
  await expect(inspector.root).toContainText("the page cannot show what the wire carried");
  await lab.inspect(3);
  await expect(inspector.root).toContainText("The page gave the browser 5 B to send.");
});

test("back in the lab both sides are there again", async ({ lab, relay }) => {
  await lab.open();
  await lab.url.fill(`${relay.wsUrl}/echo`);
  await lab.connect();
  await lab.close("1000");
  await lab.expectState("CLOSED");
  await lab.expectRows(4);

  await lab.url.fill(lab.labUrl);
  await lab.connect();
  await lab.expectRows(7);
  await expect(lab.row(5)).toHaveAccessibleName(/^To the relay: GET .*connection 1 JavaScript: new WebSocket\(\)/);
});

test("a server that hangs up without a goodbye is closed by the browser with 1006", async ({ lab, silentServer, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  await lab.open();
  await lab.url.fill(silentServer.url);
  await lab.connect();
  await lab.sendText("anyone there?");
  await expect(lab.row(3)).toHaveAccessibleName(/JavaScript: send\("anyone there\?"\) Wire:/);
  silentServer.hangUp();
  await lab.expectState("CLOSED");
  const inspector = await lab.inspect(/JavaScript: onclose 1006 Wire:/);
  await expect(inspector.root).toContainText("1006 means that no close frame came.");
});

test("the URL field takes what new WebSocket takes, and shows what it becomes", async ({ lab, relay }) => {
  await lab.open();
  for (const typed of ["/echo", "../echo", `${relay.url}/echo`]) {
    await test.step(typed, async () => {
      await lab.url.fill(typed);
      await expect(lab.url).toHaveAccessibleDescription(`The browser connects to ${relay.wsUrl}/echo.`);
      await lab.connect();
      await expect(lab.url).toHaveValue(`${relay.wsUrl}/echo`);
      await lab.close("1000");
      await lab.expectState("CLOSED");
    });
  }
  await lab.url.fill("ftp://127.0.0.1/echo");
  await lab.pressConnect();
  await expect(lab.url).toHaveAccessibleDescription(/This URL starts with ftp:\. A WebSocket URL starts with ws:\/\/ or wss:/);
});
