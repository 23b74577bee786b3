// Records `playwright.har` and `chromium.har`: a page that talks to the relay at the URL in the first argument.
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { chromium } from "../../../e2e/node_modules/@playwright/test/index.mjs";

const DEVTOOLS = "devtools://devtools/bundled/devtools_app.html";
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const relay = process.argv[2];

async function session() {
  const response = await fetch(`${relay}/api/sessions`, { method: "POST" });
  return (await response.json()).id;
}

/** In the page: two connections, the second of which is refused. */
function talk(url) {
  const open = (address) =>
    new Promise((resolve) => {
      const socket = new WebSocket(address, ["chat"]);
      socket.binaryType = "arraybuffer";
      let echoes = 0;
      socket.onopen = () => {
        socket.send("Hello, Grüße, 世界");
        socket.send(new Uint8Array([0, 1, 255]));
      };
      socket.onmessage = () => ++echoes === 2 && socket.close(4001, "that is all");
      socket.onclose = () => resolve(undefined);
    });
  return open(url).then(() => open(`${url}?refuse=503`));
}

const browser = await chromium.launch({
  executablePath: process.env.FRAMESCOPE_FULL_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--remote-debugging-port=9333", "--remote-allow-origins=*"],
});

// The policy of `/healthz` allows no connection.
const context = await browser.newContext({ bypassCSP: true, recordHar: { path: here("playwright.har"), content: "embed" } });
const page = await context.newPage();
await page.goto(`${relay}/healthz`);
await page.evaluate(talk, `${relay.replace("http", "ws")}/lab/${await session()}`);
await context.close();

// DevTools, as a page, attached to another page.
const other = await browser.newContext({ bypassCSP: true });
const target = await other.newPage();
await target.goto(`${relay}/healthz`);
const targets = await (await fetch("http://127.0.0.1:9333/json")).json();
const { id } = targets.find(({ url }) => url === `${relay}/healthz`);
const tools = await other.newPage();
await tools.goto(`${DEVTOOLS}?ws=127.0.0.1:9333/devtools/page/${id}`);
await tools.waitForFunction(async () => {
  const { TargetManager } = await import("devtools://devtools/bundled/core/sdk/sdk.js");
  return TargetManager.TargetManager.instance().primaryPageTarget() !== null;
});
// The network panel enables the recording of requests.
await tools.evaluate(async () => {
  const { ViewManager } = await import("devtools://devtools/bundled/ui/legacy/legacy.js");
  await ViewManager.ViewManager.instance().showView("network");
});
await target.evaluate(talk, `${relay.replace("http", "ws")}/lab/${await session()}`);
const har = await tools.evaluate(async () => {
  const { NetworkLog } = await import("devtools://devtools/bundled/models/logs/logs.js");
  const { Writer } = await import("devtools://devtools/bundled/models/har/har.js");
  const { Progress } = await import("devtools://devtools/bundled/core/common/common.js");
  let text = "";
  const requests = NetworkLog.NetworkLog.instance().requests();
  await Writer.Writer.write({ write: async (part) => void (text += part) }, requests, { sanitize: true }, new Progress.Progress());
  return text;
});
await writeFile(here("chromium.har"), har);
await browser.close();
