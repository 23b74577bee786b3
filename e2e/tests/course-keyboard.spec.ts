// A lesson by keyboard.
import { expect, test } from "../support/course.ts";
import { expectFocusShown, tabTo } from "../support/keyboard.ts";

test("a lesson can be read, run, answered and left by keyboard", async ({ index, lesson, course, page }) => {
  await index.open(course);
  await tabTo(page, index.resume);
  await page.keyboard.press("Enter");
  await expect(lesson.title).toBeFocused();

  const hello = lesson.piece("hello");
  await tabTo(page, hello.button("Run"));
  await page.keyboard.press("Enter");
  const rows = hello.root.getByRole("listbox");
  await expect(rows).toBeVisible();
  await tabTo(page, rows);
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  const inspector = hello.root.getByRole("complementary");
  await expect(inspector).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(rows).toBeFocused();
  await expect(inspector).toBeHidden();

  const exercise = lesson.piece("what-101");
  await exercise.root.getByRole("textbox").focus();
  await expectFocusShown(page);
  await page.keyboard.type("Switching Protocols");
  await page.keyboard.press("Enter");
  await exercise.expectDone();

  const quiz = lesson.piece("which-header");
  await tabTo(page, quiz.button(/Upgrade/));
  await page.keyboard.press("Space");
  await quiz.expectDone();

  await tabTo(page, lesson.next);
  await page.keyboard.press("Enter");
  await expect(lesson.title).toHaveText("Widgets and interviews");
  await expect(lesson.title).toBeFocused();
});

test("Tab reaches one bit of a frame, and the arrow keys move between bits", async ({ lesson, course, page }) => {
  await lesson.open(course, "widgets");
  const bits = lesson.piece("bits");
  await bits.root.getByLabel("Message").focus();
  await tabTo(page, bits.button("Bit 0, FIN"));
  await page.keyboard.press("ArrowDown");
  await expect(bits.button("Bit 8, MASK")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(bits.button("Bit 8, MASK")).toHaveAttribute("aria-pressed", "false");
  await page.keyboard.press("Home");
  await expect(bits.button("Bit 0, FIN")).toBeFocused();
});
