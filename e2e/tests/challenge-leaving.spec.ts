// What happens to a run, the session and the focus when a view or the session goes away.
import { ChallengePage } from "../support/challenge.ts";
import { REQUEST_FAILED, SOCKET_FAILED } from "../support/complaints.ts";
import { expect, test } from "../support/lab.ts";
import { expectFocusShown, tabTo } from "../support/keyboard.ts";

const title = "page-title";
const HELLO = `const socket = new WebSocket(lab.url);
socket.onopen = () => socket.send("hello");
socket.onmessage = () => socket.close();`;

test("leaving a challenge ends its run", async ({ page }) => {
  const challenge = new ChallengePage(page);
  await challenge.open("first-echo");
  await challenge.write("new WebSocket(lab.url); while (true) console.log('on');");
  await challenge.run.click();
  await expect(challenge.console).toContainText("on");
  await page.getByRole("link", { name: "Challenges" }).click();
  await expect(page.getByRole("link", { name: /^The first echo/ })).toBeVisible();
  expect(page.frames()).toHaveLength(1);
  await page.goBack();
  await challenge.try(HELLO);
  await expect(challenge.passed).toBeVisible();
});

test("a socket of a stopped run does not count for the next run", async ({ page }) => {
  // Holds back the feed until the test releases it.
  let late: (() => void)[] | undefined;
  await page.routeWebSocket(/\/observe/, (feed) => {
    const relay = feed.connectToServer();
    relay.onMessage((message) => (late === undefined ? feed.send(message) : late.push(() => feed.send(message))));
  });
  const challenge = new ChallengePage(page);
  await challenge.open("first-echo");
  await challenge.write(`new WebSocket(lab.url).onopen = () => console.log("open"); await lab.sleep(60_000);`);
  const held: (() => void)[] = [];
  late = held;
  await challenge.run.click();
  await expect(challenge.console).toContainText("open");
  await challenge.write("return 1;");
  await challenge.stop.click();
  await challenge.runToEnd();
  late = undefined;
  held.forEach((tell) => tell());
  await challenge.settle();
  await expect(challenge.evidence.getByRole("option", { name: /^CLOSED/ })).toBeVisible();
  await challenge.expectNotMet(0);
});

test("a challenge continues with a new session if the relay no longer has the old one", async ({ page, startRelay, complaints }) => {
  complaints.expect(SOCKET_FAILED, REQUEST_FAILED);
  const relay = await startRelay();
  const challenge = new ChallengePage(page);
  await page.goto(`${relay.url}/challenges/first-echo`);
  await expect(challenge.editor).toBeVisible();
  const before = await challenge.labUrl();
  await relay.stop();
  await relay.startAgain();
  // The page notices by itself.
  await expect(page.getByRole("status").filter({ hasText: "Your code is as you left it" })).toBeVisible();
  await expect(page.locator(`#${title}`)).toHaveText("The first echo");
  await expect(page.locator(`#${title}`)).toBeFocused();
  expect(await challenge.labUrl()).not.toBe(before);
  await challenge.try(HELLO);
  await expect(challenge.passed).toBeVisible();
});

test("each page has a title, and a visitor who follows a link arrives at it", async ({ page }) => {
  await page.goto("/challenges");
  await expect(page).toHaveTitle("Challenges · Framescope");
  const link = page.getByRole("link", { name: /^The first echo/ });
  await expect(link).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the challenges" })).toBeFocused();
  await page.keyboard.press("Enter");
  await tabTo(page, link);
  await page.keyboard.press("Enter");
  await expect(page.locator(`#${title}`)).toHaveText("The first echo");
  await expect(page.locator(`#${title}`)).toBeFocused();
  await expect(page).toHaveTitle("The first echo · Framescope");

  await page.getByRole("link", { name: "Challenges" }).click();
  await page.getByRole("link", { name: "Check a receipt" }).click();
  await expect(page.locator(`#${title}`)).toHaveText("Check a receipt");
  await expect(page.locator(`#${title}`)).toBeFocused();
  await expect(page).toHaveTitle("Check a receipt · Framescope");
  await page.getByRole("link", { name: "Playground" }).click();
  await expect(page).toHaveTitle("Framescope");
});

test("the focus stays with the hints and the solution", async ({ page }) => {
  const challenge = new ChallengePage(page);
  await challenge.open("first-echo");
  const press = async (name: RegExp) => {
    await challenge.help.getByRole("button", { name }).focus();
    await page.keyboard.press("Enter");
  };
  await press(/^Show hint 1/);
  await press(/^Show hint 2/);
  await expect(challenge.help.getByRole("list", { name: "Hints" })).toBeFocused();
  await expectFocusShown(page);
  const part = challenge.help.getByRole("group", { name: "Solution" });
  await press(/^Show the solution/);
  await expect(part).toBeFocused();
  await press(/^Cancel/);
  await expect(part).toBeFocused();
  await press(/^Show the solution/);
  await press(/^Show it anyway/);
  await expect(part.getByRole("button", { name: "Copy to the editor" })).toBeVisible();
  await expect(part).toBeFocused();
  await expectFocusShown(page);
});

test("a challenge that failed to load can be requested again", async ({ page, complaints }) => {
  complaints.expect(REQUEST_FAILED);
  await page.route("**/api/course/challenges/first-echo", (route) => route.abort(), { times: 1 });
  await page.goto("/challenges/first-echo");
  await page.getByRole("button", { name: "Retry" }).click();
  await expect(page.locator(`#${title}`)).toHaveText("The first echo");
  await expect(page.locator(`#${title}`)).toBeFocused();
});
