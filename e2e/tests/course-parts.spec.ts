// The parts of the built-in course, its glossary, and the definitions of terms in a lesson.
import { expectAccessible } from "../support/axe.ts";
import { expect, test, type Outline } from "../support/course.ts";
import { expectNoSidewaysScroll } from "../support/narrow.ts";

test("from the empty playground to a first message in four clicks", async ({ lab, lesson, page }) => {
  await lab.open();
  await page.getByRole("link", { name: "Take the course" }).click();
  await page.getByRole("link", { name: "Start", exact: true }).click();
  const first = lesson.piece("first-connection");
  // Settings come later in the course.
  await expect(first.root.getByRole("textbox")).toHaveCount(1);
  await expect(first.root).not.toContainText("What these settings do");
  const [run] = await first.run();
  await expect(run!.row(/Hello/).first()).toBeVisible();
  await first.expectDone();
});

test("the overview has the parts with their times and progress", async ({ relay, page, lesson }) => {
  const outline = (await (await page.request.get(`${relay.url}/api/course`)).json()) as Outline;
  await page.goto(`${relay.url}/course`);
  for (const [index, part] of outline.parts.entries()) {
    const region = page.getByRole("region", { name: `Part ${index + 1}: ${part.title}` });
    await expect(region.getByRole("listitem")).toHaveCount(part.lessons.length);
    await expect(region).toContainText(new RegExp(`${part.lessons.length} lessons: .* · 0 of \\d+ pieces done`));
  }
  await expectAccessible(page, { rules: "all" });
  await page.getByRole("link", { name: "Rules, not magic" }).click();
  await expect(page.getByText("Part 1: The essentials · lesson 1 of")).toBeVisible();
  await lesson.piece("which-rfc").root.getByRole("textbox").fill("6455");
  await lesson.piece("which-rfc").button("Check").click();
  await lesson.piece("which-rfc").expectDone();
  await page.goto(`${relay.url}/course`);
  await expect(page.getByRole("region", { name: "Part 1: The essentials" })).toContainText(/ · 1 of \d+ pieces done/);
  await expect(page.getByRole("region", { name: "Part 2: Deeper" })).toContainText(/ · 0 of \d+ pieces done/);
});

test("the last lesson of a part leads to the next part", async ({ relay, page, lesson }) => {
  await lesson.open(relay, "summary");
  await page.getByRole("navigation", { name: "Previous and next lesson" }).getByRole("link", { name: /^Next part/ }).click();
  await expect(page.getByText("Part 2: Deeper · lesson 1 of")).toBeVisible();
});

test("the list of challenges begins with the first echo, and says how long each takes", async ({ relay, page }) => {
  await page.goto(`${relay.url}/challenges`);
  const items = page.getByRole("main").getByRole("listitem");
  await expect(items.first()).toContainText("The first echo");
  for (const item of await items.all()) await expect(item).toContainText(/\d+ min · Level \d of 5/);
});

test("a term shows its definition for the mouse and the keyboard", async ({ relay, page, lesson }) => {
  await lesson.open(relay, "introduction");
  const term = page.getByRole("link", { name: "IETF" });
  const definition = page.getByRole("tooltip").filter({ hasText: "Internet Engineering Task Force" });
  await expect(definition).toBeHidden();
  await expect(term).toHaveAccessibleDescription(/^The Internet Engineering Task Force/);

  await term.hover();
  await expect(definition).toBeVisible();
  // The pointer can move onto the definition.
  await definition.hover();
  await expect(definition).toBeVisible();
  await page.getByRole("heading", { level: 1 }).hover();
  await expect(definition).toBeHidden();

  await term.focus();
  await expect(definition).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(definition).toBeHidden();
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Tab");
  await expect(definition).toBeVisible();
  await expectAccessible(page, { rules: "all" });
  await page.keyboard.press("Tab");
  await expect(definition).toBeHidden();

  await term.click();
  await expect(page).toHaveURL(/\/course\/glossary#ietf$/);
  await expect(page.getByRole("heading", { level: 2, name: "IETF" })).toBeFocused();
});

test.describe("on a touch screen", () => {
  test.use({ hasTouch: true, viewport: { width: 360, height: 740 } });

  test("a tap shows the definition, and a second tap opens the glossary", async ({ relay, page, lesson }) => {
    await lesson.open(relay, "introduction");
    const term = page.getByRole("link", { name: "IETF" });
    const definition = page.getByRole("tooltip").filter({ hasText: "Internet Engineering Task Force" });
    await term.tap();
    await expect(definition).toBeVisible();
    await expect(definition).toContainText("Tap the term again");
    await expectNoSidewaysScroll(page);
    await page.getByRole("heading", { level: 1 }).tap();
    await expect(definition).toBeHidden();
    await term.tap();
    await expect(definition).toBeVisible();
    await term.tap();
    await expect(page).toHaveURL(/\/course\/glossary#ietf$/);
  });
});

test("the glossary is accessible, fits a narrow screen, and leads to lessons", async ({ relay, page, lesson }) => {
  await page.goto(`${relay.url}/course`);
  await page.getByRole("link", { name: "Glossary" }).click();
  await expect(page).toHaveTitle("Glossary · Framescope");
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  await expect(page.getByRole("heading", { level: 2 }).first()).toHaveText("backpressure");
  await expectAccessible(page, { rules: "all" });
  await page.emulateMedia({ colorScheme: "dark" });
  await expectAccessible(page, { rules: "contrast" });
  await page.setViewportSize({ width: 360, height: 740 });
  await expectNoSidewaysScroll(page);
  await page.getByRole("region", { name: "XOR" }).getByRole("link", { name: "Masking" }).click();
  await expect(lesson.title).toHaveText("Masking");
});

test("a course without a glossary has no link to one", async ({ course, page }) => {
  await page.goto(`${course.url}/course`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByRole("link", { name: "Glossary" })).toHaveCount(0);
  await page.goto(`${course.url}/course/glossary`);
  await expect(page.getByText("This course has no glossary.")).toBeVisible();
});
