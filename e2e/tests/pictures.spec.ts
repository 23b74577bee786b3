// The pictures of the README, made from the page as it is: FRAMESCOPE_PICTURES=1 cargo xtask test e2e -- pictures
import path from "node:path";

import { expect, test } from "../support/lab.ts";

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
