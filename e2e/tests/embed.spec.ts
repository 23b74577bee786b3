// Pieces of the site inside pages of another site, in a frame with `sandbox`.
import type { Locator } from "@playwright/test";

import { ChallengePage, ENDED } from "../support/challenge.ts";
import { FIXTURE, LessonPage, Piece, Run, expect, test as base } from "../support/course.ts";
import { HostSite, heard } from "../support/host.ts";
import type { Relay } from "../support/relay.ts";

const SETUP = "#play?lab=deflate%3Doff&message=Hello";

interface Fixtures {
  host: HostSite;
  embedding: Relay;
  /** Presses a button in a frame. */
  press: (button: Locator) => Promise<void>;
}

const test = base.extend<Fixtures>({
  host: async ({ context }, use) => {
    const host = await HostSite.start();
    await use(host);
    await Promise.all(context.pages().map((page) => page.close()));
    await host.stop();
  },
  /** A relay that lets `host` embed its pieces. */
  embedding: async ({ startRelay, host }, use) => use(await startRelay("--course", FIXTURE, "--embed-origin", host.origin)),
  // In Firefox, Playwright's mouse does not get into a frame of another site.
  press: async ({ browserName }, use) => {
    const press = (button: Locator) => (browserName === "firefox" ? button.evaluate((it: HTMLElement) => it.click()) : button.click());
    await use(press);
  },
});

for (const sandbox of ["allow-scripts allow-same-origin", "allow-scripts"]) {
  const isOpaque = !sandbox.includes("same-origin");

  test(`a piece of a lesson runs in a frame with ${sandbox}`, async ({ page, host, embedding, press }) => {
    const frame = await host.show(page, `${embedding.url}/embed/lesson/first/hello?theme=dark`, sandbox);
    const piece = new Piece(frame.locator("#hello"));
    await expect(piece.button(/^Run/)).toBeVisible();
    await expect(frame.locator("html")).toHaveAttribute("data-theme", "dark");
    await expect(frame.getByRole("banner")).toHaveCount(0);
    // The frame is as high as the piece, before and after the run.
    const before = await settledHeight(page);
    await press(piece.button(/^Run/));
    await expect(new Run(piece.root.locator(".result")).rows.first()).toBeVisible();
    await piece.expectDone();
    await expect.poll(() => settledHeight(page)).toBeGreaterThan(before + 100);
    expect((await heard(page))[0]!.origin).toBe(isOpaque ? "null" : embedding.url);

    const link = frame.getByRole("link", { name: "Open in Framescope" });
    await expect(link).toHaveAttribute("href", "/course/first#hello");
    const isSaid = frame.getByText("your progress is lost when you leave", { exact: false }).first();
    await expect(isSaid).toBeVisible({ visible: isOpaque });
  });

  test(`the playground runs in a frame with ${sandbox}`, async ({ page, host, embedding, press }) => {
    const frame = await host.show(page, `${embedding.url}/embed/playground${SETUP}`, sandbox);
    const form = frame.getByRole("form", { name: "Connection" });
    await expect(frame.getByRole("button", { name: "Open a WebSocket" })).toBeEnabled();
    await press(form.getByRole("button", { name: /^Connect/ }));
    await expect(frame.getByRole("option", { name: /101 Switching Protocols/ })).toBeVisible();
    await press(frame.getByRole("button", { name: "Send", exact: true }));
    await expect(frame.getByRole("option", { name: /From the relay: TEXT Hello .*onmessage/ })).toBeVisible();
    expect(await settledHeight(page)).toBe(640);
    await expect(frame.getByRole("link", { name: "Open in Framescope" })).toHaveAttribute("href", `/${SETUP}`);
  });

  test(`a challenge runs in a frame with ${sandbox}`, async ({ page, host, embedding, press }) => {
    const frame = await host.show(page, `${embedding.url}/embed/challenge/echo`, sandbox);
    const challenge = new ChallengePage(page, frame);
    await challenge.ready();
    for (const step of ["Show the solution", "Show it anyway", "Copy to the editor"]) {
      await press(challenge.help.getByRole("button", { name: step }));
    }
    await press(challenge.run);
    await expect(challenge.state).toHaveText(ENDED);
    await challenge.passed.getByLabel(/^Name for the receipt/).fill("Ada");
    await press(challenge.passed.getByRole("button", { name: "Get a receipt" }));
    await expect(challenge.passed.getByRole("textbox", { name: "The receipt", exact: true })).toHaveValue(/\nchallenge: echo\n/);
    await expect.poll(() => settledHeight(page)).toBeGreaterThan(700);
  });
}

test("Tab goes into a piece and out again", async ({ page, host, embedding, browserName }) => {
  for (const [path, control] of [
    ["/embed/lesson/first/hello", "Run"],
    ["/embed/playground", "Open a WebSocket"],
  ] as const) {
    const frame = await host.show(page, embedding.url + path, "allow-scripts allow-same-origin");
    // The piece and the link below it load independently of each other.
    await expect(frame.getByRole("button", { name: control, exact: true })).toBeEnabled();
    await expect(frame.getByRole("link", { name: "Open in Framescope" })).toBeVisible();
    await page.locator("#before").focus();
    const passed: string[] = [];
    while (passed.at(-1) !== "after" && passed.length < 60) {
      await page.keyboard.press("Tab");
      passed.push(await page.evaluate(() => document.activeElement?.id || document.activeElement!.tagName));
    }
    const way = `${path}: Tab led over ${passed.join(", ")}`;
    expect(passed.at(-1), way).toBe("after");
    // In Firefox, Playwright's keyboard does not get further into a frame of another site than to its first element.
    const inside = browserName === "firefox" ? 1 : 3;
    expect(passed.filter((place) => place === "IFRAME").length, way).toBeGreaterThanOrEqual(inside);
    await page.keyboard.press("Shift+Tab");
    expect(await page.evaluate(() => document.activeElement!.tagName), path).toBe("IFRAME");
  }
});

test("a browser shows a piece to no other site, and nothing else to any", async ({ page, context, host, embedding, complaints }) => {
  complaints.expect(/frame-ancestors/);
  const stranger = await HostSite.start();
  const sandbox = "allow-scripts allow-same-origin";
  const link = (frame: Awaited<ReturnType<HostSite["show"]>>) => frame.getByRole("link", { name: /Framescope/ });
  for (const [site, path] of [
    [stranger, "/embed/playground"],
    [stranger, "/embed/lesson/first/hello"],
    [host, "/"],
    [host, "/course/first"],
    [host, "/challenges/echo"],
  ] as const) {
    const frame = await site.show(page, embedding.url + path, sandbox);
    await expect(link(frame), path).toHaveCount(0);
    expect(await heard(page), path).toEqual([]);
  }
  // The same with what is allowed, which shows that the test can tell.
  await expect(link(await host.show(page, `${embedding.url}/embed/playground`, sandbox))).toBeVisible();
  await Promise.all(context.pages().map((each) => each.close()));
  await stranger.stop();
});

test("the code to embed a piece is beside it, where the relay allows it", async ({ page, host, embedding, startRelay }) => {
  const lesson = new LessonPage(page);
  await lesson.open(embedding, "first");
  const embed = lesson.piece("hello").button("Embed");
  await embed.click();
  await expect(lesson.piece("hello").button(/^(Copied|Not copied)/)).toBeVisible();
  await page.goto(`${embedding.url}/challenges/echo`);
  await expect(page.getByRole("button", { name: "Embed" })).toBeVisible();
  // What is copied works, as the answer of /oembed shows, which has the same element.
  const url = encodeURIComponent(`${embedding.url}/course/first#hello`);
  const { html } = (await (await fetch(`${embedding.url}/oembed?url=${url}`)).json()) as { html: string };
  const [, src] = /src="([^"]+)"/.exec(html) ?? [];
  const [, sandbox] = /sandbox="([^"]+)"/.exec(html) ?? [];
  const frame = await host.show(page, src!, sandbox!);
  await expect(new Piece(frame.locator("#hello")).button(/^Run/)).toBeVisible();
  await expect(frame.getByRole("button", { name: "Embed" })).toHaveCount(0);

  const alone = await startRelay("--course", FIXTURE);
  await lesson.open(alone, "first");
  await expect(lesson.piece("hello").button("Embed")).toHaveCount(0);
});

/** The height that the frame told last. */
async function settledHeight(page: Parameters<typeof heard>[0]): Promise<number> {
  await expect.poll(async () => (await heard(page)).length).toBeGreaterThan(0);
  return (await heard(page)).at(-1)!.height;
}
