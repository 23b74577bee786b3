// Reading the course: the overview, lessons, links to places in them, and stored progress.
import { expectAccessible } from "../support/axe.ts";
import { REQUEST_FAILED } from "../support/complaints.ts";
import { expect, realLessons, test, type Outline } from "../support/course.ts";
import { expectNoSidewaysScroll } from "../support/narrow.ts";

test("the overview lists objectives, lessons and times", async ({ index, course, page }) => {
  await index.open(course);
  await expect(index.title).toHaveText("A small course");
  await expect(page.getByText("3 lessons and 1 challenge, about 18 min")).toBeVisible();
  await expect(index.lessons).toHaveCount(3);
  await expect(index.lesson("Questions and connections")).toContainText("10 min with 1 challenge · 0 of 8 pieces done");
  await expect(page.locator("main")).toHaveAttribute("lang", "en-GB");
  const objectives = page.getByRole("region", { name: "After this course you can" });
  await expect(objectives.getByRole("link", { name: "Questions and connections" })).toHaveAttribute("href", "/course/first");
  await expect(page.getByRole("region", { name: "Challenges" })).toContainText("not passed yet");
  await expect(page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Course" })).toHaveAttribute("aria-current", "page");
  await expectAccessible(page, { rules: "all" });
  await page.emulateMedia({ colorScheme: "dark" });
  await expectAccessible(page, { rules: "contrast" });
});

test("from lesson to lesson, without a connection until the reader starts one", async ({ index, lesson, course, page }) => {
  const sockets: string[] = [];
  page.on("websocket", (socket) => sockets.push(socket.url()));
  await index.open(course);
  await index.resume.click();
  await expect(lesson.title).toHaveText("Questions and connections");
  await expect(lesson.title).toBeFocused();
  await expect(lesson.previous).toHaveCount(0);
  await expect(page).toHaveTitle("Questions and connections · Framescope");
  await lesson.next.click();
  await expect(lesson.title).toHaveText("Widgets and interviews");
  await expect(lesson.title).toBeFocused();
  await lesson.next.click();
  await expect(lesson.title).toHaveText("The end");
  await lesson.previous.click();
  await expect(page).toHaveURL(/\/course\/widgets$/);
  await expect(lesson.title).toHaveText("Widgets and interviews");
  expect(sockets).toEqual([]);
});

for (const id of ["first", "widgets", "last"]) {
  test(`the lesson “${id}” is accessible, light and dark`, async ({ lesson, course, page }) => {
    await lesson.open(course, id);
    await expectAccessible(page, { rules: "all" });
    await page.emulateMedia({ colorScheme: "dark" });
    await expectAccessible(page, { rules: "contrast" });
  });
}

test("a page opened by its address leaves the focus at its start, a link moves it to the title", async ({ lesson, course, page }) => {
  await lesson.open(course, "first");
  await expect(lesson.next).toBeVisible();
  // The focus would move in the animation frame after the lesson has appeared.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await expect(page.locator("body")).toBeFocused();
  await lesson.next.click();
  await expect(lesson.title).toHaveText("Widgets and interviews");
  await expect(lesson.title).toBeFocused();
  await page.goBack();
  await expect(lesson.title).toHaveText("Questions and connections");
  await expect(lesson.title).toBeFocused();
});

test("a link leads to a heading, a piece, or a question, which opens", async ({ lesson, course, page }) => {
  await lesson.open(course, "first#questions");
  const heading = page.getByRole("heading", { level: 2, name: /^Questions/ });
  await expect(heading).toBeInViewport();
  await expect(heading).toBeFocused();
  await lesson.open(course, "first#images");
  await expect(page.getByText("Yes, as binary.")).toBeInViewport();
  await expect(page.locator("#images > summary")).toBeFocused();
  await lesson.contents.getByRole("link", { name: "One connection" }).click();
  await expect(page).toHaveURL(/#one-connection$/);
  await expect(page.getByRole("heading", { level: 2, name: /^One connection/ })).toBeFocused();
});

test("a heading’s link can be copied", async ({ lesson, course, page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await lesson.open(course, "first");
  await page.getByRole("link", { name: "Link to “One connection”" }).click();
  await expect(page.getByText("Link copied.")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`${course.url}/course/first#one-connection`);
});

test("progress survives a reload, and the overview links to it", async ({ index, lesson, course, page }) => {
  await lesson.open(course, "first");
  const exercise = lesson.piece("what-101");
  await exercise.root.getByRole("textbox").fill("  switching PROTOCOLS");
  await exercise.button("Check").click();
  await exercise.expectDone();
  await page.reload();
  await exercise.expectDone();
  await index.open(course);
  await expect(index.lesson("Questions and connections")).toContainText("1 of 8 pieces done");
  await expect(index.resume).toHaveAttribute("href", /^\/course\/first/);
});

test("progress can be exported, reset after confirmation, and imported", async ({ index, lesson, course, page }) => {
  await lesson.open(course, "first");
  await lesson.piece("which-header").button(/Upgrade/).click();
  await lesson.piece("which-header").expectDone();
  await index.open(course);
  const file = await index.export();
  expect(JSON.parse(file)).toMatchObject({ version: 1, course: { "small-course": { pieces: { "first#which-header": { done: true } } } } });

  await page.getByRole("button", { name: "Reset progress" }).click();
  await expect(page.getByRole("button", { name: "Cancel" })).toBeFocused();
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("button", { name: "Reset progress" })).toBeFocused();
  await expect(index.lesson("Questions and connections")).toContainText("1 of 8");
  await page.getByRole("button", { name: "Reset progress" }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await expect(index.lesson("Questions and connections")).toContainText("0 of 8");
  await expect(index.resume).toHaveText("Start");

  await index.import(file);
  await expect(index.said).toHaveText("Progress imported.");
  await expect(index.lesson("Questions and connections")).toContainText("1 of 8");
});

test("a file that is not a progress file is refused, and nothing changes", async ({ index, course }) => {
  await index.open(course);
  await index.import("{}", "shopping.json");
  await expect(index.said).toHaveText("Cannot import shopping.json: it is not a Framescope progress file. Choose a file that you exported here.");
  await index.import('{"version":2,"course":{}}', "later.json");
  await expect(index.said).toContainText("version 2");
  await index.import(`{"version":1,"course":{}}${" ".repeat(1 << 20)}`, "big.json");
  await expect(index.said).toContainText("the limit is 1048576");
});

test("the page warns if the browser cannot store progress", async ({ lesson, course, page }) => {
  await page.addInitScript(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
  });
  await lesson.open(course, "first");
  await expect(page.getByRole("alert").filter({ hasText: "no space left to store your progress" })).toBeVisible();
  await lesson.piece("which-header").button(/Upgrade/).click();
  // The page remembers it as long as it is open.
  await lesson.piece("which-header").expectDone();
});

test("unreadable progress is backed up, and the reader is warned", async ({ lesson, course, page }) => {
  const kept = '{"version":7,"course":{}}';
  await page.addInitScript((text) => {
    if (localStorage.length === 0) localStorage.setItem("framescope.progress.v1", text);
  }, kept);
  await lesson.open(course, "first");
  const trouble = page.getByRole("alert").filter({ hasText: "it has version 7" });
  await expect(trouble).toBeVisible();
  await lesson.piece("which-header").button(/Upgrade/).click();
  await lesson.piece("which-header").expectDone();
  await expect(trouble).toBeVisible();
  expect(await page.evaluate(() => localStorage.getItem("framescope.progress.unreadable"))).toBe(kept);
  await page.reload();
  await lesson.piece("which-header").expectDone();
  await expect(trouble).toBeHidden();
});

test("an unknown lesson shows a page that says so", async ({ course, page, complaints }) => {
  complaints.expect(REQUEST_FAILED);
  await page.goto(`${course.url}/course/no-such-lesson`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Lesson not found");
  await page.getByRole("link", { name: "See all lessons" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("A small course");
});

test("if the relay does not answer, the page says so and can retry", async ({ course, page, complaints }) => {
  complaints.expect(REQUEST_FAILED);
  let away = true;
  await page.route("**/api/course", (route) => (away ? route.abort("connectionrefused") : route.continue()));
  await page.goto(`${course.url}/course`);
  await expect(page.getByRole("alert")).toContainText("the relay does not answer");
  away = false;
  await page.getByRole("button", { name: "Retry" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("A small course");
});

for (const id of realLessons()) {
  test(`the real lesson “${id}” opens, has its listed pieces, is accessible, and fits a narrow screen`, async ({ relay, page, lesson }) => {
    const course = (await (await page.request.get(`${relay.url}/api/course`)).json()) as Outline;
    const listed = course.lessons.find((known) => known.id === id);
    await lesson.open(relay, id);
    await expect(lesson.title).toHaveText(listed?.title ?? "");
    for (const piece of listed?.pieces ?? []) await expect(lesson.piece(piece.id).root).toBeAttached();
    await expectAccessible(page, { rules: "all" });
    await page.setViewportSize({ width: 360, height: 740 });
    await expectNoSidewaysScroll(page);
  });
}
