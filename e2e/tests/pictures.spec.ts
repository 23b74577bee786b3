// The pictures of the README, made from the page as it is: FRAMESCOPE_PICTURES=1 cargo xtask test e2e -- pictures
import path from "node:path";

import type { Page } from "@playwright/test";

import { expect, test } from "../support/lab.ts";
import { PythonServer } from "../support/python.ts";
import { Rules } from "../support/rules.ts";

const FOLDER = path.resolve(import.meta.dirname, "../../docs/pictures");

test.skip(process.env.FRAMESCOPE_PICTURES !== "1", "pictures are made with FRAMESCOPE_PICTURES=1");

for (const { colorScheme, file } of [
  { colorScheme: "light", file: "playground.png" },
  { colorScheme: "dark", file: "playground-dark.png" },
] as const) {
  test.describe(colorScheme, () => {
    test.use({ viewport: { width: 1440, height: 860 }, colorScheme });

    test(`a picture of the playground, ${colorScheme}`, async ({ lab, page }) => {
      await lab.open();
      await lab.subprotocols.fill("chat");
      await lab.connect();
      for (const [number, text] of ["Hello", "What did the wire carry?", "Grüße aus dem Browser"].entries()) {
        await lab.sendText(text);
        await lab.expectRows(3 + 2 * (number + 1));
      }
      await lab.sendHex("00 01 7f 80 ff");
      await lab.expectRows(11);
      await lab.inspect(/^To the relay: TEXT Hello/);
      // Ready to say goodbye; nothing blinks, nothing is pointed at.
      await lab.composeClose("4001", "that was it");
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
      await page.mouse.move(0, 0);
      await expect(lab.inspector.root).toContainText("Unmasking");
      await page.screenshot({ path: path.join(FOLDER, file), animations: "disabled" });
    });
  });
}

test.describe("docs/decode.md", () => {
  test.use({ viewport: { width: 1280, height: 860 }, colorScheme: "light" });

  test("a picture of a decoded message", async ({ lab, page }) => {
    await lab.open();
    await lab.subprotocols.fill("graphql-transport-ws");
    await lab.connect();
    for (const message of [
      { type: "connection_init" },
      { id: "1", type: "subscribe", payload: { query: "subscription OnMessage { added { id text } }", variables: { room: "lobby" } } },
    ]) await lab.sendText(JSON.stringify(message));
    await lab.expectRows(7);
    const inspector = await lab.inspect(/^To the relay: TEXT subscribe/);
    await inspector.turnTo("Message");
    await page.getByRole("treeitem", { name: /^room/ }).click();
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.mouse.move(0, 0);
    await page.screenshot({ path: path.join(FOLDER, "decode.png"), animations: "disabled" });
  });
});

test.describe("docs/workbench.md", () => {
  test.use({ viewport: { width: 1440, height: 960 }, colorScheme: "light" });

  test("pictures of a rule, and of a message that it holds", async ({ lab, page, startRelay }) => {
    const server = await PythonServer.start();
    const relay = await startRelay("--relay-to", server.url);
    await lab.open(relay.url);
    await lab.route.choose(["Another server", server.url]);
    await lab.subprotocols.fill("chat");
    await lab.connect();
    const rules = new Rules(lab);
    await rules.open();
    await rules.button("Add a rule").click();
    await rules.fill({
      From: "=the server",
      "Is JSON that has": "$.type",
      "with this value there": "price",
      Action: "=Hold until I decide",
      Name: "late price",
      "Times on each connection": "1",
    });
    await picture(page, "workbench-rule.png");
    await rules.button("Add rule").click();
    await lab.sendText('{"type":"price","price":12}');
    const row = lab.row(/^From 127\.0\.0\.1:\d+ to the relay: HOLD/);
    await expect(row).toBeVisible();
    await lab.sendText('{"type":"price","price":13}');
    await expect(lab.row(/^From the relay to the browser: TEXT .*13/)).toBeVisible();
    await row.click();
    await lab.inspector.root.getByRole("button", { name: "Edit, forward, drop or answer it" }).click();
    await picture(page, "workbench-held.png");
    await server.stop();
  });
});

async function picture(page: Page, name: string): Promise<void> {
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.mouse.move(0, 0);
  await page.screenshot({ path: path.join(FOLDER, name), animations: "disabled" });
}
