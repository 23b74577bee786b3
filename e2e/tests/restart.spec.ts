// The relay is restarted while somebody learns: pages say so, come back by themselves, and lose none of the learner's work.
import { ChallengePage } from "../support/challenge.ts";
import { REQUEST_FAILED, SOCKET_FAILED } from "../support/complaints.ts";
import { LessonPage, expect, test } from "../support/course.ts";
import { partsLoaded } from "../support/parts.ts";

test.beforeEach(({ complaints }) => complaints.expect(SOCKET_FAILED, REQUEST_FAILED));

const ABOUT_TO_RESTART = "This relay is about to restart.";

test("a relay that drains tells the page, and everything but a new session works", async ({ lab, page, context, startRelay }) => {
  const relay = await startRelay("--drain", "1h");
  await lab.open(relay.url);
  await lab.connect();
  await partsLoaded(page);
  relay.terminate();
  await expect(lab.banner).toContainText(ABOUT_TO_RESTART);
  await lab.sendText("still here");
  await expect(lab.row(5)).toHaveAccessibleName(/onmessage "still here"/);
  const late = await context.newPage();
  await late.goto(relay.url);
  await expect(late.getByRole("status").first()).toContainText("this relay is about to stop, so it creates no sessions");
  await late.close();

  await relay.stop();
  await lab.expectState("CLOSED");
  await expect(lab.banner).toContainText("The connection to the relay is lost.");
  await relay.startAgain();
  await expect(lab.banner).toContainText("This session has ended.");
  await expect(lab.banner).not.toContainText(ABOUT_TO_RESTART);
  await expect(lab.row(5)).toHaveAccessibleName(/onmessage "still here"/);
  await page.close();
});

test("a challenge goes on after a restart with the code as it was", async ({ page, startRelay }) => {
  const relay = await startRelay("--drain", "1h");
  const challenge = new ChallengePage(page);
  await page.goto(`${relay.url}/challenges/first-echo`);
  const code = `// my own idea
const socket = new WebSocket(lab.url);
socket.onopen = () => socket.send("hello");
socket.onmessage = () => socket.close();`;
  await expect(challenge.editor).toBeVisible();
  await challenge.write(code);
  const before = await challenge.labUrl();
  relay.terminate();
  await expect(page.getByRole("status").filter({ hasText: ABOUT_TO_RESTART })).toBeVisible();

  await relay.stop();
  await expect(challenge.editor).toContainText("// my own idea");
  await relay.startAgain();
  await expect(page.getByRole("status").filter({ hasText: "Your code is as you left it" })).toBeVisible();
  await expect(challenge.editor).toContainText("// my own idea");
  expect(await challenge.labUrl()).not.toBe(before);
  await challenge.runToEnd();
  await expect(challenge.passed).toBeVisible();
  await page.getByRole("button", { name: "Dismiss" }).click();
  await expect(page.getByText("Your code is as you left it")).toHaveCount(0);
});

test("a lesson goes on after a restart, and its progress stays", async ({ page, startRelay }) => {
  const relay = await startRelay("--drain", "1h");
  const lesson = new LessonPage(page);
  await lesson.open(relay, "masking", relay.url);
  const [live] = (await lessonPieces(relay.url, "masking")).filter(({ kind }) => kind === "live");
  const piece = lesson.piece(live!.id);
  const messages = await piece.root.getByRole("list", { name: "Messages" }).getByRole("listitem").count();
  const [run] = await piece.run();
  await piece.expectDone();
  // The run is over when its last message is back.
  await expect(run!.row(/^From the relay: TEXT/)).toHaveCount(messages);
  await partsLoaded(page);
  relay.terminate();
  await expect(piece.root.getByRole("alert").filter({ hasText: ABOUT_TO_RESTART })).toBeVisible();

  await relay.stop();
  await relay.startAgain();
  await expect(piece.root.getByRole("alert").filter({ hasText: "This session has ended. Run it again." })).toBeVisible();
  await piece.expectDone();
  await piece.button(/^Run/).click();
  await expect(piece.root.getByRole("alert").filter({ hasText: /./ })).toHaveCount(0);
  await expect(piece.root.locator(".result").first().getByRole("option").first()).toBeVisible();
  await page.reload();
  await piece.expectDone();
});

async function lessonPieces(relay: string, lesson: string): Promise<{ id: string; kind: string }[]> {
  const { lessons } = (await (await fetch(`${relay}/api/course`)).json()) as {
    lessons: { id: string; pieces: { id: string; kind: string }[] }[];
  };
  return lessons.find(({ id }) => id === lesson)!.pieces;
}
