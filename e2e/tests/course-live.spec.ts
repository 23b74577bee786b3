// Every live piece of the built-in course runs in this browser, many lessons side by side.
import { SOCKET_FAILED } from "../support/complaints.ts";
import { LessonPage, expect, test, type Outline } from "../support/course.ts";

// One piece compares ws with wss. The relay makes the certificate itself.
test.use({ ignoreHTTPSErrors: true });

/** Lessons open at the same time. */
const PAGES = 6;

test("every live piece of the real lessons runs and shows what crossed the wire", async ({ context, startRelay, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  const relay = await startRelay("--tls-listen", "127.0.0.1:0", "--tls-self-signed");
  const origin = relay.url.replace("127.0.0.1", "localhost");
  const course = (await (await fetch(`${relay.url}/api/course`)).json()) as Outline;
  const left = course.lessons.flatMap(({ id, pieces }) => {
    const live = pieces.filter(({ kind }) => kind === "live");
    return live.length === 0 ? [] : [{ id, live }];
  });
  expect(left.flatMap(({ live }) => live).length).toBeGreaterThan(20);

  const work = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const { id, live } = next;
      const lesson = new LessonPage(await context.newPage());
      await lesson.open(relay, id, origin);
      for (const { id: piece } of live) {
        await test.step(`${id}#${piece}`, async () => {
          const { root } = lesson.piece(piece);
          for (const run of await lesson.piece(piece).run()) await expect(run.rows.first()).toBeVisible();
          await lesson.piece(piece).expectDone();
          await expect(root.getByRole("alert").filter({ hasText: /./ })).toHaveCount(0);
        });
      }
      await lesson.page.close();
    }
  };
  await Promise.all(Array.from({ length: PAGES }, work));
});
