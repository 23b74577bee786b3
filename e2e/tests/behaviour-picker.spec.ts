// Choosing how the server behaves: what stands in the URL and what the sheet shows are the same thing.
import type { Page } from "@playwright/test";

import { expectAccessible } from "../support/axe.ts";
import { REQUEST_FAILED, SOCKET_FAILED } from "../support/complaints.ts";
import { expectFocusShown, tabTo } from "../support/keyboard.ts";
import { expect, test } from "../support/lab.ts";

test("a ready-made behaviour is one click, stands in the URL, and happens", async ({ lab }) => {
  await lab.open();
  await lab.behaviours.expectSummary("Echo");
  await lab.behaviours.open();
  await expect(lab.behaviours.preset("Echo")).toHaveAttribute("aria-pressed", "true");
  const pieces = lab.behaviours.preset("A server that fragments its messages");
  await expect(pieces).toContainText("Each reply arrives in three fragments with pings between them");
  await pieces.click();
  await expect(pieces).toHaveAttribute("aria-pressed", "true");
  await expect(lab.behaviours.preset("Echo")).toHaveAttribute("aria-pressed", "false");
  await expect(lab.behaviours.query).toHaveText("?deflate=off&fragments=3&fragment-pings");
  await lab.behaviours.done();

  expect(await lab.target()).toMatch(/\?deflate=off&fragments=3&fragment-pings$/);
  await lab.behaviours.expectSummary("A server that fragments its messages");
  await lab.connect();
  await lab.sendText("in three pieces");
  await expect(lab.row(/^From the relay: TEXT .*fragment 1/)).toBeVisible();
  await expect(lab.row(/^From the relay: PING/)).toHaveCount(2);
  await expect(lab.row(/^From the relay: CONT .*fragment 3 · FIN/)).toBeVisible();
});

test("what is typed into the URL is shown, and what is set is written there", async ({ lab }) => {
  const { behaviours } = lab;
  await lab.open();
  await lab.url.fill(`${lab.labUrl}?greet=Gr%C3%BC%C3%9Fe+%26+mehr&pong=off&fragments=2&fragment-pings&fault=rsv1@2`);
  await behaviours.expectSummary("5 settings");
  await behaviours.open();
  // Where something is set, the settings are unfolded already.
  await expect(behaviours.setting("greet")).toHaveValue("Grüße & mehr");
  await expect(behaviours.setting("fragment-pings")).toBeChecked();
  await expect(behaviours.setting("pong")).toHaveValue("off");
  await expect(behaviours.fault(1).name).toHaveValue("rsv1");
  await expect(behaviours.fault(1).at).toHaveValue("2");
  await expect(behaviours.setting("close-after")).toBeHidden();

  await behaviours.setting("greet").fill("50% & more");
  await expect(behaviours.query).toHaveText("?greet=50%25+%26+more&pong=off&fragments=2&fragment-pings&fault=rsv1@2");
  await behaviours.setting("pong").selectOption("not set");
  await behaviours.setting("fragment-pings").uncheck();
  await behaviours.setting("fragments").fill("");
  await behaviours.unfold("Closing the connection");
  await behaviours.setting("close-after").fill("3");
  await expect(behaviours.query).toHaveText("?greet=50%25+%26+more&fault=rsv1@2&close-after=3");

  await behaviours.addFault();
  await behaviours.fault(2).name.selectOption("split-code-point");
  await expect(behaviours.fault(2).words).toContainText("Allowed by §5.6.");
  await behaviours.fault(2).at.fill("5");
  await behaviours.fault(1).remove.click();
  await expect(behaviours.fault(2).name).toHaveCount(0);
  await expect(behaviours.query).toHaveText("?greet=50%25+%26+more&fault=split-code-point@5&close-after=3");
  await behaviours.done();
  expect(await lab.target()).toMatch(/\?greet=50%25\+%26\+more&fault=split-code-point@5&close-after=3$/);

  await lab.connect();
  await expect(lab.row(/^From the relay: TEXT 50% & more/)).toBeVisible();
});

test("a setting that is nothing by itself says what it goes with", async ({ lab }) => {
  const { behaviours } = lab;
  await lab.open();
  await behaviours.open();
  await behaviours.unfold("Heartbeat and idle timeout");
  await behaviours.setting("idle-end").selectOption("drop");
  const missing = behaviours.sheet.getByText("This setting needs idle, which is not set.");
  await expect(missing).toBeVisible();
  await expect(behaviours.setting("idle-end")).toHaveAccessibleDescription(/This setting needs idle, which is not set/);
  await behaviours.setting("idle").fill("5s");
  await expect(missing).toBeHidden();
  await expect(behaviours.preset("A proxy's idle timeout")).toHaveAttribute("aria-pressed", "true");
});

test("compression stays as it is, and the switch beside the URL is the same setting", async ({ lab }) => {
  await lab.open();
  await lab.compress();
  await lab.behaviours.choose("A slow connection");
  await expect(lab.compression).toBeChecked();
  expect(await lab.target()).toMatch(/\?deflate=on&drip=40ms$/);
  await lab.behaviours.open();
  await lab.behaviours.unfold("Compression");
  await lab.behaviours.setting("deflate").selectOption("off");
  await lab.behaviours.preset("Echo").click();
  await lab.behaviours.done();
  await expect(lab.compression).not.toBeChecked();
  expect(await lab.target()).toMatch(/\?deflate=off$/);
});

test("a preset that the URL names can be written out", async ({ lab }) => {
  await lab.open();
  await lab.url.fill(`${lab.labUrl}?preset=idle-cut&deflate=off`);
  await lab.behaviours.expectSummary("preset=idle-cut");
  await lab.behaviours.open();
  await lab.behaviours.expectSummary("A proxy's idle timeout");
  await lab.behaviours.sheet.getByRole("button", { name: "Expand" }).click();
  await expect(lab.behaviours.query).toHaveText("?idle=5s&idle-end=drop&deflate=off");
  await lab.behaviours.expectSummary("A proxy's idle timeout");
});

test("an unknown setting is said under the URL, and refused by the relay", async ({ lab, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  await lab.open();
  await lab.behaviours.choose("Echo");
  await lab.url.fill(`${lab.labUrl}?fragmets=3`);
  await expect(lab.connection).toContainText("The relay has no setting “fragmets” and will refuse the request.");
  await lab.pressConnect();
  await lab.expectState("CLOSED");
  const inspector = await lab.inspect(/^From the relay: 400 /);
  await expect(inspector.root).toContainText("did you mean fragments?");
});

test("only the relay's own lab can be told how to behave", async ({ lab, relay }) => {
  await lab.open();
  await lab.url.fill(`${relay.wsUrl}/echo?fragments=3`);
  await lab.behaviours.expectSummary("set by the server");
  await expect(lab.behaviours.control).toBeDisabled();
  await expect(lab.behaviours.control).toHaveAccessibleDescription(/Other servers choose this themselves/);
  await lab.behaviours.control.click({ force: true });
  await expect(lab.behaviours.sheet).toBeHidden();
});

test("the open connection behaves otherwise from now on", async ({ lab }) => {
  const { behaviours } = lab;
  await lab.open();
  await lab.connect();
  await lab.sendText("one piece");
  await expect(lab.row(/^From the relay: TEXT one piece .*FIN/)).toBeVisible();

  await behaviours.open();
  await behaviours.unfold("Messages");
  await behaviours.setting("fragments").fill("2");
  await behaviours.useNow.click();
  const said = behaviours.sheet.getByRole("status");
  await expect(said).toHaveText("The open connection now uses fragments=2. Only for a new connection: deflate.");
  await behaviours.done();
  await expect(lab.connection).toContainText("You changed this. The change applies to your next connection.");
  await lab.sendText("two pieces");
  await expect(lab.row(/^From the relay: CONT .*fragment 2 · FIN/)).toBeVisible();

  await behaviours.open();
  await behaviours.setting("fragments").fill("many");
  await behaviours.useNow.click();
  await expect(said).toContainText("Refused: fragments takes a number from 1 to 100, not many");
  await behaviours.done();
  await lab.sendText("still two");
  await expect(lab.row(/^From the relay: CONT .*fragment 2 · FIN/)).toHaveCount(2);

  await lab.close("1000");
  await lab.expectState("CLOSED");
  await behaviours.open();
  await expect(behaviours.useNow).toHaveCount(0);
});

test("a behaviour is chosen without a mouse", async ({ lab, page }) => {
  const { behaviours } = lab;
  await lab.open();
  await tabTo(page, behaviours.control);
  await page.keyboard.press("Enter");
  await expect(behaviours.sheet).toBeVisible();
  await tabTo(page, behaviours.preset("A server that crashes"));
  await page.keyboard.press("Space");
  await expect(behaviours.query).toHaveText("?deflate=off&drop-after=3&drop-by=reset");
  const closing = behaviours.sheet.locator("summary", { hasText: "Closing the connection" });
  await tabTo(page, closing);
  await page.keyboard.press("Enter");
  await tabTo(page, behaviours.setting("drop-after"));
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("2");
  // The sheet's fields are no part of the form that connects.
  await page.keyboard.press("Enter");
  await expect(lab.inviting).toBeAttached();
  await expect(behaviours.query).toHaveText("?deflate=off&drop-after=2&drop-by=reset");
  // The focus stays in the sheet, and goes back to where it came from.
  await page.keyboard.press("Escape");
  await expect(behaviours.sheet).toBeHidden();
  await expect(behaviours.control).toBeFocused();
  await expectFocusShown(page);
  await page.keyboard.press("Enter");
  await tabTo(page, behaviours.sheet.getByRole("button", { name: "Done" }), "backwards");
  await page.keyboard.press("Enter");
  await expect(behaviours.control).toBeFocused();
});

test("what did not come can be asked for again", async ({ lab, page, complaints }) => {
  complaints.expect(REQUEST_FAILED);
  await lab.open();
  await page.route("**/api/behaviours", (route) => route.abort(), { times: 1 });
  await lab.behaviours.control.click();
  const failed = lab.behaviours.sheet.getByRole("alert");
  await expect(failed).toContainText("The list of server behaviors did not load: the relay does not answer.");
  await expectAccessible(page, { rules: "all", within: "dialog" });
  await failed.getByRole("button", { name: "Retry" }).click();
  await expect(lab.behaviours.preset("A slow connection")).toBeVisible();
});

for (const width of [1440, 360]) {
  for (const [colorScheme, rules] of [["light", "all"], ["dark", "contrast"]] as const) {
    test.describe(`${width} px wide, ${colorScheme}`, () => {
      test.use({ viewport: { width, height: 860 }, colorScheme });

      test("axe finds nothing wrong where a behaviour is chosen", async ({ lab, page }) => {
        const { behaviours } = lab;
        await lab.open();
        await behaviours.open();
        await test.step("ready-made", () => expectAccessible(page, { rules, within: "dialog" }));
        await behaviours.preset("An idle timeout that a heartbeat prevents").click();
        for (const group of ["Opening handshake", "Heartbeat and idle timeout", "Protocol violations", "Compression"]) {
          await behaviours.unfold(group);
        }
        await behaviours.addFault();
        await behaviours.setting("location").fill("/elsewhere");
        await test.step("piece by piece", () => expectAccessible(page, { rules, within: "dialog" }));
        await expectNoSidewaysScroll(page);
        await behaviours.done();
        await test.step("the bar", () => expectAccessible(page, { rules }));
        await expectNoSidewaysScroll(page);
      });
    });
  }
}

async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const over = await page.evaluate(() => {
    const boxes = [document.scrollingElement, ...document.querySelectorAll("dialog, .sheet-body")];
    return boxes.map((box) => (box === null ? 0 : box.scrollWidth - box.clientWidth));
  });
  expect(Math.max(...over)).toBeLessThanOrEqual(0);
}
