// What axe-core finds wrong, in every state, in light and dark, wide and narrow: nothing.
import { expectAccessible } from "../support/axe.ts";
import { Client, TEXT, frame } from "../support/client.ts";
import { REQUEST_FAILED, SOCKET_FAILED } from "../support/complaints.ts";
import { expect, test } from "../support/lab.ts";
import { partsLoaded } from "../support/parts.ts";
import { noise } from "../support/png.ts";

const INSPECTOR = "aside[aria-label=Inspector]";

for (const width of [1440, 360]) {
  for (const [colorScheme, rules] of [["light", "all"], ["dark", "contrast"]] as const) {
    test.describe(`${width} px wide, ${colorScheme}`, () => {
      test.use({ viewport: { width, height: 860 }, colorScheme });

      test("nothing is wrong from the first view to the end", async ({ lab, page }) => {
        await lab.open();
        await test.step("empty", () => expectAccessible(page, { rules }));

        await lab.connect();
        await lab.sendText("Hello");
        await expect(lab.row(5)).toBeVisible();
        await lab.sendFile({ name: "noise.png", mimeType: "image/png", buffer: noise(24, 24) });
        await expect(lab.row(7)).toBeVisible();
        await lab.close("4001", "that was it");
        await expect(lab.row(10)).toHaveAccessibleName(/^CLOSED/);
        await test.step("the sequence", () => expectAccessible(page, { rules }));

        for (const [row, parts] of [
          [1, ["Request", "Response", "Key → accept"]],
          [4, ["Frame", "Message", "Both sides"]],
          [7, ["Message"]],
          [8, ["Frame"]],
          [10, []],
        ] as const) {
          const inspector = await lab.inspect(row);
          if (parts.length === 0) await test.step(`row ${row}`, () => expectAccessible(page, { rules, within: INSPECTOR }));
          for (const part of parts) {
            await inspector.turnTo(part);
            await test.step(`row ${row}, ${part}`, () => expectAccessible(page, { rules, within: INSPECTOR }));
          }
          const back = inspector.root.getByRole("button", { name: "Back to the sequence" });
          if (await back.isVisible()) await back.click();
        }
      });

      test("nothing is wrong where something went wrong", async ({ lab, page, relay, lineTo, complaints }) => {
        complaints.expect(SOCKET_FAILED, REQUEST_FAILED);
        const line = await lineTo(relay.url);
        await lab.open(line.url);
        await partsLoaded(page);
        await lab.url.fill("ftp://127.0.0.1/");
        await lab.pressConnect();
        await expect(lab.url).toHaveAttribute("aria-invalid", "true");
        await lab.compose("Bytes");
        await lab.composer.getByLabel("Bytes in hex").fill("no hex");
        await test.step("fields", () => expectAccessible(page, { rules }));

        const refused = await Client.call(lab.labUrl);
        refused.send("GET ", new URL(lab.labUrl).pathname, " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        const wrong = await Client.open(lab.labUrl);
        wrong.send(frame({ opcode: TEXT, payload: "unmasked", key: null }));
        await lab.composeClose("1001");
        for (const row of [/^From the relay: 426/, /breaks §5\.1/, /^CLOSED/]) {
          const inspector = await lab.inspect(row);
          await test.step(String(row), () => expectAccessible(page, { rules, within: INSPECTOR }));
          const back = inspector.root.getByRole("button", { name: "Back to the sequence" });
          if (await back.isVisible()) await back.click();
        }
        await lab.filter.fill("opcode:none");
        line.cut();
        await expect(lab.banner).toContainText("The connection to the relay is lost.");
        await test.step("the banner", () => expectAccessible(page, { rules }));
      });

      test("nothing is wrong at addresses that lead nowhere", async ({ lab, page, complaints }) => {
        complaints.expect(SOCKET_FAILED, REQUEST_FAILED);
        await page.goto("/nothing/here");
        await expect(page.getByRole("heading", { level: 1 })).toHaveText("Page not found");
        await expectAccessible(page, { rules });
        await page.goto(`/s/${"a".repeat(26)}`);
        await expect(lab.banner).toContainText("This session has ended.");
        await expectAccessible(page, { rules });
      });
    });
  }
}
