// The questions that are more than a choice: predictions before a run, wrong lines, and items to put in order.
import { SOCKET_FAILED } from "../support/complaints.ts";
import { LessonPage, expect, test, type Outline } from "../support/course.ts";
import { expectFocusShown, tabTo } from "../support/keyboard.ts";

test.use({ ignoreHTTPSErrors: true });

test("the reader predicts, the run decides, and the evidence is a row", async ({ lesson, course, page }) => {
  await lesson.open(course, "widgets");
  const piece = lesson.piece("guess");
  await expect(piece.root).toContainText("Predict, then run");
  await expect(piece.button("Run")).toHaveAttribute("aria-disabled", "true");
  // Not disabled: a press says why nothing runs.
  await piece.button("Run").press("Enter");
  await expect(piece.root.getByRole("alert").first()).toHaveText("Choose what you expect first.");
  await expect(piece.root.locator(".result")).toHaveCount(0);

  await piece.root.getByRole("radio", { name: "1006" }).check();
  await expect(piece.root.getByRole("alert").first()).toHaveText("");
  await piece.button("Run").click();
  const outcome = piece.root.locator(".outcome-place");
  await expect(outcome).toContainText("Not as you expected: 1005");
  await expect(outcome).toContainText("Your socket received a close event with code 1005 and wasClean true.");
  await expect(outcome).toContainText("No code came.");
  await expect(outcome).toContainText("You expected: 1006");
  await expect(outcome).toContainText("That is for a cut.");
  await outcome.getByRole("button", { name: "Show the row" }).click();
  await expect(piece.root.getByRole("listbox").getByRole("option", { selected: true })).toContainText("CLOSE");
  await piece.expectDone();

  await piece.root.getByRole("radio", { name: "1005" }).check();
  await piece.button("Run again").click();
  await expect(outcome).toContainText("As you expected: 1005");

  // Who has seen the outcome can run it again without a guess.
  await page.reload();
  await piece.button("Run").click();
  await expect(outcome).toContainText("The outcome: 1005");
});

test("a run that goes another way says so", async ({ lesson, course }) => {
  await lesson.open(course, "widgets");
  const piece = lesson.piece("guess");
  await piece.root.getByRole("radio", { name: "1005" }).check();
  await piece.root.getByLabel("Server behavior").fill("deflate=off&close-after=1&close-code=4001");
  await piece.button("Run").click();
  await expect(piece.root.locator(".outcome-place")).toContainText("None of these outcomes came true");
});

test("the wrong line is found, and every line is explained", async ({ lesson, course, page }) => {
  await lesson.open(course, "widgets");
  const piece = lesson.piece("bad-answer");
  const lines = piece.root.locator(".option");
  await expect(lines).toContainText(["HTTP/1.1 101", "Upgrade: <http>", "Connection: Upgrade"]);
  await piece.button(/Connection/).click();
  await expect(piece.root).toContainText("This line is right.");
  await expect(piece.root).toContainText("Each upgrade has it.");
  await piece.expectNotDone();
  await piece.button("Upgrade: <http>").click();
  await expect(piece.root).toContainText("You found it.");
  await expect(piece.root).not.toContainText("Each upgrade has it.");
  await piece.expectDone();
  await page.reload();
  await expect(piece.root).toContainText("It must name websocket.");
  await piece.button("Try again").click();
  await expect(piece.root).not.toContainText("It must name websocket.");
  await expect(lines.first().getByRole("button")).toBeFocused();
});

test("items are put in order by keyboard, and only misplaced ones are marked", async ({ lesson, course, page }) => {
  await lesson.open(course, "widgets");
  const piece = lesson.piece("life-of");
  const items = piece.root.getByRole("listitem");
  const right = ["open", "message", "error", "close"];
  const texts = async () => (await items.locator(".item > .prose-block").allInnerTexts()).map((text) => text.trim());
  const shown = await texts();
  expect(shown).not.toEqual(right);
  expect([...shown].sort()).toEqual([...right].sort());
  await page.reload();
  await expect(items).toHaveCount(4);
  expect(await texts()).toEqual(shown);

  /** Moves an item with the keyboard, which stays on its button. */
  const move = async (name: string, to: number) => {
    for (let from = (await texts()).indexOf(name); from !== to; from += from > to ? -1 : 1) {
      const button = piece.button(`Move ${from > to ? "up" : "down"} ${name}`);
      await button.focus();
      await page.keyboard.press("Enter");
      await expect(piece.root.getByRole("status").filter({ hasText: /^Position/ })).toHaveText(
        `Position ${from > to ? from : from + 2} of 4`,
      );
      await expect(button).toBeFocused();
    }
  };
  // They may be in the first order from the start, and then nothing has the focus.
  await piece.root.getByRole("link", { name: "Link to this piece" }).focus();
  // All but one in order: only this one is out of place.
  for (const [to, name] of ["close", "open", "message", "error"].entries()) await move(name, to);
  await tabTo(page, piece.button("Check"));
  await page.keyboard.press("Enter");
  await expect(piece.root).toContainText("1 item is out of place.");
  await expect(piece.root.locator("li.misplaced")).toHaveCount(1);
  await expect(piece.root.locator("li.misplaced")).toContainText("close");
  await expect(piece.root).not.toContainText("the handshake");
  await piece.expectNotDone();

  await move("close", 3);
  await expect(piece.root.locator("li.misplaced")).toHaveCount(0);
  await tabTo(page, piece.button("Check"));
  await page.keyboard.press("Enter");
  await expect(piece.root.locator(".card")).toHaveText("Right");
  await expect(items.nth(3)).toContainText("and the end is last.");
  await piece.expectDone();
  await expectFocusShown(page);

  await page.reload();
  await expect(items.first()).toContainText("First, the handshake.");
  await piece.button("Try again").click();
  await expect(piece.root).not.toContainText("First, the handshake.");
  expect(await texts()).not.toEqual(right);
});

test("options are in another order for another reader, and in the same after a reload", async ({ course, browser, lesson, page }) => {
  const orders = new Set<string>();
  const order = async (of: LessonPage) => {
    const pieces = [of.piece("guess").root.locator(".predict .option"), of.piece("life-of").root.locator(".item")];
    return JSON.stringify(await Promise.all(pieces.map((options) => options.allInnerTexts())));
  };
  await lesson.open(course, "widgets");
  const own = await order(lesson);
  await page.reload();
  await expect(lesson.piece("guess").root).toBeVisible();
  expect(await order(lesson)).toBe(own);
  // Each context is a reader with a browser of their own. That all agree has a chance below one in a million.
  for (let reader = 0; reader < 5; reader++) {
    const context = await browser.newContext();
    const another = new LessonPage(await context.newPage());
    await another.open(course, "widgets");
    orders.add(await order(another));
    await context.close();
  }
  expect(orders.size).toBeGreaterThan(1);
});

test("every prediction of the real lessons comes true in one of its outcomes", async ({ context, startRelay, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  const relay = await startRelay();
  const outline = (await (await fetch(`${relay.url}/api/course`)).json()) as Outline;
  interface Live {
    id: string;
    predict: unknown;
  }
  const lessons = outline.lessons.map(async ({ id }) => {
    const { blocks } = (await (await fetch(`${relay.url}/api/course/lessons/${id}`)).json()) as { blocks: Live[] };
    return blocks.filter(({ predict }) => predict != null).map((live) => ({ lesson: id, piece: live.id }));
  });
  const left = (await Promise.all(lessons)).flat();
  expect(left.length).toBeGreaterThanOrEqual(6);
  const work = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const { lesson: id, piece: name } = next;
      const lesson = new LessonPage(await context.newPage());
      await lesson.open(relay, id);
      await test.step(`${id}#${name}`, async () => {
        const piece = lesson.piece(name);
        await piece.root.getByRole("radio").first().check();
        await piece.button("Run").click();
        await expect(piece.root.locator(".outcome"), `${id}#${name}`).toContainText(/As you expected|Not as you expected/i);
      });
      await lesson.page.close();
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
});
