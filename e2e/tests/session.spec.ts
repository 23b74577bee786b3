// A session is an address: whoever has it sees all that is in it.
import { REQUEST_FAILED, SOCKET_FAILED } from "../support/complaints.ts";
import { expect, test } from "../support/lab.ts";

test("a reload keeps the session: the same address, every row, and connections that count on", async ({ lab, page }) => {
  await lab.open();
  const address = page.url();
  await lab.connect();
  await lab.sendText("before");
  await expect(lab.row(5)).toHaveAccessibleName(/^From the relay: TEXT before/);
  await lab.close("4001", "for now");
  await expect(lab.row(8)).toHaveAccessibleName(/^CLOSED/);
  const before = await lab.wireSentences();

  await page.reload();
  expect(page.url()).toBe(address);
  await lab.expectRows(8);
  expect(await lab.wireSentences()).toEqual(before);
  await expect(lab.row(4)).toHaveAccessibleName(/JavaScript: not this page/);

  await lab.connect();
  await expect(lab.row(9)).toHaveAccessibleName(/^To the relay: GET .*connection 2 JavaScript: new WebSocket\(\)/);
  await lab.sendText("after");
  await expect(lab.row(/^From the relay: TEXT after .*onmessage "after"/)).toBeVisible();
});

test("a reload in the middle of a connection leaves its end in the record", async ({ lab, page }) => {
  await lab.open();
  await lab.connect();
  await lab.sendText("unfinished");
  await expect(lab.row(5)).toBeVisible();
  await page.reload();
  // A page that is left takes its sockets with it. RFC 6455 §7.4.1: 1001, going away.
  await expect(lab.row(/^To the relay: CLOSE 1001 /)).toBeVisible();
  await expect(lab.row(/^CLOSED: the client closed first, 1001 /)).toBeVisible();
});

test("leaving a playground closes its socket, and the way back leads to its session", async ({ lab, page, complaints, browserName }) => {
  // Firefox reports a feed that was still connecting when the page was left.
  if (browserName === "firefox") complaints.expect(SOCKET_FAILED);
  await lab.open();
  await lab.connect();
  const left = page.url();
  await page.getByRole("link", { name: "Framescope" }).click();
  await page.waitForURL((url) => url.href !== left && url.pathname.startsWith("/s/"));
  await expect(lab.url).toHaveValue(new RegExp(`/lab/${page.url().slice(-26)}\\?deflate=off$`));

  await page.goBack();
  await page.waitForURL(left);
  await expect(lab.url).toHaveValue(new RegExp(`/lab/${left.slice(-26)}\\?deflate=off$`));
  await expect(lab.row(/^CLOSED: the client closed first/)).toBeVisible();
});

test("the link shows the session to another browser, live", async ({ lab, anotherLab }) => {
  await lab.open();
  await lab.connect();
  await lab.sendText("Hello");
  await expect(lab.row(5)).toBeVisible();

  const observer = await anotherLab();
  await observer.page.goto(lab.page.url());
  await observer.expectRows(5);
  expect(await observer.wireSentences()).toEqual(await lab.wireSentences());

  await lab.sendText("are you watching?");
  await expect(observer.row(/^To the relay: TEXT are you watching\? .*JavaScript: not this page/)).toBeVisible();
  // And it may take part.
  await observer.connect();
  await expect(lab.row(/^To the relay: GET .*connection 2 JavaScript: not this page/)).toBeVisible();
});

test("the session's link can be copied", async ({ lab, page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await lab.open();
  await page.getByRole("button", { name: "to this session" }).click();
  await expect(page.getByRole("button", { name: "Copied to this session" })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(page.url());
});

test("two visitors get two sessions, and see nothing of each other", async ({ lab, anotherLab }) => {
  await lab.open();
  const other = await anotherLab();
  await other.open();
  expect(other.page.url()).not.toBe(lab.page.url());
  await lab.connect();
  await lab.sendText("mine");
  await expect(lab.row(5)).toBeVisible();
  await other.connect();
  await other.expectRows(3);
});

test("an address that names no session says so, and offers a new one that works", async ({ lab, page, complaints, browserName }) => {
  complaints.expect(SOCKET_FAILED, REQUEST_FAILED);
  // Firefox reports the refused request without a text.
  if (browserName === "firefox") complaints.expect(/^Error$/);
  for (const name of ["cut-in-copying", "a".repeat(26)]) {
    await page.goto(`/s/${name}`);
    await expect(lab.banner).toContainText("This session has ended.");
  }
  await lab.banner.getByRole("link", { name: "Start a new session" }).click();
  await page.waitForURL(/\/s\/[a-z2-7]{26}$/);
  await expect(lab.banner).toBeEmpty();
  await lab.connect();
});

test("the watch-only link shows the session and nothing to control it with", async ({ lab, anotherLab, page, context, browserName }) => {
  // Firefox allows the page to write after a click, and has no permission that a test could grant.
  if (browserName === "chromium") await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await lab.open();
  await lab.connect();
  await lab.sendText("Hello");
  await expect(lab.row(5)).toBeVisible();
  const full = page.url();
  const button = page.getByRole("button", { name: "for watching this session" });
  await expect(button).toHaveAttribute("title", /can see and export .* cannot connect, send or control/);
  await button.click();
  await expect(page.getByRole("button", { name: "Copied for watching this session" })).toBeVisible();
  const filter = page.getByRole("searchbox", { name: "Filter rows" });
  await filter.press("ControlOrMeta+v");
  const link = await filter.inputValue();
  await filter.fill("");
  expect(link).toMatch(/\/s\/watch-[a-z2-7]{26}$/);

  const watcher = await anotherLab();
  await watcher.page.goto(link);
  await watcher.expectRows(5);
  await expect(watcher.page.getByText("You are watching this session.")).toBeVisible();
  await expect(watcher.page.getByRole("form", { name: "Connection" })).toHaveCount(0);
  await expect(watcher.page.getByRole("region", { name: "Send" })).toHaveCount(0);
  await expect(watcher.page.getByRole("button", { name: "for watching this session" })).toHaveCount(0);
  // The full name is nowhere on the page, also not in the request that it shows.
  const name = full.slice(-26);
  await watcher.row(1).click();
  await expect(watcher.page.locator("body")).toContainText(`/lab/${"x".repeat(26)}`);
  expect(await watcher.page.content()).not.toContain(name);
  await lab.sendText("live");
  await expect(watcher.row(/^To the relay: TEXT live/)).toBeVisible();
});
