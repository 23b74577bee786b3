// Predictions, wrong lines and orders in each of their states: accessible, light and dark, and on a screen of 360 px.
import type { Page } from "@playwright/test";

import { expectAccessible } from "../support/axe.ts";
import { expect, test, type LessonPage } from "../support/course.ts";
import { expectNoSidewaysScroll } from "../support/narrow.ts";

test.beforeEach(async ({ lesson, course }) => lesson.open(course, "widgets"));

/** Takes the three pieces through their states, and calls `look` in each. */
async function throughStates(lesson: LessonPage, look: (state: string) => Promise<void>): Promise<void> {
  const [guess, line, order] = [lesson.piece("guess"), lesson.piece("bad-answer"), lesson.piece("life-of")];
  await look("untouched");
  await guess.button("Run").press("Enter");
  await line.button(/101/).click();
  await order.button("Check").click();
  await expect(order.root.locator("li.misplaced").first()).toBeVisible();
  await look("without a guess, and wrong");
  await guess.root.getByRole("radio", { name: "1006" }).check();
  await guess.button("Run").click();
  await expect(guess.root.locator(".outcome")).toContainText("Not as you expected");
  await order.button("Show the right order").click();
  await line.button("Upgrade: <http>").click();
  await look("another outcome, found, and shown");
  await guess.root.getByRole("radio", { name: "1005" }).check();
  await guess.button("Run again").click();
  await expect(guess.root.locator(".outcome")).toContainText("As you expected");
  await look("as expected");
}

const within = async (page: Page, rules: "all" | "contrast") => {
  for (const id of ["guess", "bad-answer", "life-of"]) await expectAccessible(page, { rules, within: `#${id}` });
};

test("the questions are accessible in every state", async ({ lesson, page }) => {
  await throughStates(lesson, () => within(page, "all"));
});

test("the questions are readable in the dark", async ({ lesson, page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await throughStates(lesson, () => within(page, "contrast"));
});

test("the questions fit a narrow screen, and their buttons a finger", async ({ lesson, page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await throughStates(lesson, async (state) => {
    await expectNoSidewaysScroll(page);
    const buttons = lesson.piece("life-of").root.getByRole("button", { name: /^Move/ });
    for (const button of await buttons.all()) {
      const box = await button.boundingBox();
      expect(Math.min(box!.width, box!.height), state).toBeGreaterThanOrEqual(24);
    }
  });
});

// Here, because Playwright's mouse does not drag in Firefox.
test("items can be dragged, and the right order can be shown", async ({ lesson }) => {
  const piece = lesson.piece("life-of");
  const items = piece.root.getByRole("listitem");
  const first = await items.first().innerText();
  await items.first().dragTo(items.nth(2));
  await expect(items.nth(2)).toHaveText(first, { useInnerText: true });
  await piece.button("Check").click();
  const show = piece.button("Show the right order");
  // Dragging may have put them in order by chance.
  if (await show.isVisible()) {
    await show.click();
    await expect(piece.root).toContainText("This is the right order");
    await expect(items.first()).toContainText("open");
    await expect(piece.button("Try again")).toBeFocused();
    await piece.expectNotDone();
  }
});
