// The main journeys of a learner, at the root of a host and below a path. Below a path, the page asks for nothing outside of it.
import type { Page } from "@playwright/test";

import { ChallengePage } from "../support/challenge.ts";
import { SOCKET_FAILED } from "../support/complaints.ts";
import { CourseIndex, FIXTURE, LessonPage, expect, test } from "../support/course.ts";
import { Recording } from "../support/export.ts";
import { Lab } from "../support/lab.ts";
import type { Relay } from "../support/relay.ts";

const HELLO = `const socket = new WebSocket(lab.url);
socket.onopen = () => socket.send("hello");
socket.onmessage = () => socket.close();`;

/** The paths of all requests and WebSockets of a page that are not below `base`. */
function strays(page: Page, base: string): string[] {
  const found: string[] = [];
  const take = (url: string) => {
    const { protocol, pathname } = new URL(url);
    if (/^(http|ws)s?:$/.test(protocol) && !pathname.startsWith(base)) found.push(pathname);
  };
  page.on("request", (request) => take(request.url()));
  page.on("websocket", (socket) => take(socket.url()));
  return found;
}

for (const base of ["/", "/tools/framescope"]) {
  const start = (startRelay: typeof Relay.start) => startRelay("--base-path", base, "--course", FIXTURE);
  const below = base === "/" ? "/" : `${base}/`;

  test(`at ${base}, a newcomer connects, reloads, exports and hands a link on`, async ({ lab, page, startRelay, anotherLab }) => {
    const stray = strays(page, below);
    const relay = await start(startRelay);
    expect(relay.url.endsWith(base === "/" ? "" : base)).toBe(true);
    await lab.open(`${relay.url}/#play?lab=deflate%3Doff&message=Hello`);
    await lab.connect();
    await lab.submit.click();
    await expect(lab.row(/^From the relay: TEXT Hello /)).toBeVisible();
    const inspector = await lab.inspect(1);
    expect((await inspector.headLines())[0]).toBe(`GET ${await lab.target()} HTTP/1.1`);
    expect(await lab.target()).toMatch(new RegExp(`^${below}lab/[a-z2-7]{26}\\?deflate=off$`));

    await page.reload();
    await expect(lab.row(/TEXT Hello /).first()).toBeVisible();
    await lab.connect();
    await lab.export.open();
    const link = await lab.export.link.inputValue();
    expect(link.startsWith(`${relay.url}/#play?`)).toBe(true);
    await lab.export.turnTo("JavaScript");
    await expect(lab.export.code).toContainText(`${below}lab/`);
    const file = await lab.export.download("json");
    const recording = new Recording(page);
    await recording.open(relay.url);
    await recording.choose({ name: file.name, buffer: file.bytes });
    await expect(recording.banner).toBeVisible();

    const other = await anotherLab();
    await other.open(link);
    await expect(other.composer.getByLabel("Text message")).toHaveValue("Hello");
    expect(stray).toEqual([]);
  });

  test(`at ${base}, a lesson runs and leads on to a challenge and its receipt`, async ({ page, startRelay, complaints }) => {
    // The proxy refuses its connection.
    complaints.expect(SOCKET_FAILED);
    const stray = strays(page, below);
    const relay = await start(startRelay);
    await page.goto(`${relay.url}/course`);
    await new CourseIndex(page).lesson("Questions and connections").getByRole("link").click();
    const lesson = new LessonPage(page);
    const [run] = await lesson.piece("hello").run();
    await expect(run!.rows.first()).toBeVisible();
    await lesson.piece("hello").expectDone();
    const [refused] = await lesson.piece("proxy").run();
    await expect(refused!.row(/: GET /).first()).toBeVisible();
    await page.reload();
    await lesson.piece("hello").expectDone();
    await lesson.next.click();
    await expect(lesson.title).toHaveText("Widgets and interviews");
    // Of a Markdown text, which the relay renders without knowing the path.
    await page.getByRole("main").getByRole("link", { name: "the first lesson" }).click();
    await expect(lesson.title).toHaveText("Questions and connections");

    await page.getByRole("link", { name: "Open the challenge" }).click();
    const challenge = new ChallengePage(page);
    await challenge.ready();
    await challenge.try(HELLO);
    await expect(challenge.passed).toBeVisible();
    expect(await challenge.getReceipt("Ada")).toContain("challenge: echo");
    await page.getByRole("link", { name: "Check this receipt" }).click();
    await expect(page.getByRole("heading", { level: 1, name: /receipt/i })).toBeVisible();
    const labPage = new Lab(page);
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Playground" }).click();
    await expect(labPage.inviting).toBeEnabled();
    expect(stray).toEqual([]);
  });
}
