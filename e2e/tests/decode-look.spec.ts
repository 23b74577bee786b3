// How the viewer of messages looks, in light and dark, wide and narrow: axe finds nothing, and nothing is beside the screen.
import { expectAccessible } from "../support/axe.ts";
import { CHAT, decoded, sample } from "../support/decoded.ts";
import { test } from "../support/lab.ts";
import { expectNoSidewaysScroll } from "../support/narrow.ts";

const INSPECTOR = "aside[aria-label=Inspector]";

for (const width of [1440, 360]) {
  for (const [colorScheme, rules] of [["light", "all"], ["dark", "contrast"]] as const) {
    test.describe(`${width} px wide, ${colorScheme}`, () => {
      test.use({ viewport: { width, height: 860 }, colorScheme });

      test("the viewer is accessible and fits", async ({ lab, page }) => {
        await lab.open();
        await lab.connect();
        await lab.sendText(CHAT);
        await lab.sendHex(sample("protobuf"));
        const message = await decoded(lab);
        await message.field(/^1 /).click();
        await expectAccessible(page, { rules, within: INSPECTOR });
        await expectNoSidewaysScroll(page);
        const back = lab.inspector.root.getByRole("button", { name: "Back to the sequence" });
        if (await back.isVisible()) await back.click();
        await decoded(lab, 6);
        await message.format.selectOption("CBOR");
        await expectAccessible(page, { rules, within: INSPECTOR });
        await expectNoSidewaysScroll(page);
        await message.format.selectOption("Automatic");
        await message.field(/^4 /).click();
        await expectAccessible(page, { rules, within: INSPECTOR });
      });
    });
  }
}
