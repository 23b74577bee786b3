// Lessons on a screen of 360 px. course-reader.spec.ts checks that each real lesson fits.
import { expect, test } from "../support/course.ts";
import { expectNoSidewaysScroll } from "../support/narrow.ts";

test.use({ viewport: { width: 360, height: 740 } });

test("the overview fits", async ({ index, relay, page }) => {
  await index.open(relay);
  await expectNoSidewaysScroll(page);
});

test("runs fit, one above another, and the inspector covers the rows", async ({ lesson, course, page }) => {
  await lesson.open(course, "first");
  const runs = await lesson.piece("silence").run();
  for (const run of runs) await expect(run.inspector).toContainText("Connection closed");
  await expectNoSidewaysScroll(page);
  const [above, below] = await Promise.all(runs.map((run) => run.root.boundingBox()));
  expect(below!.y).toBeGreaterThanOrEqual(above!.y + above!.height);
});

test("each bit is large enough for a finger", async ({ lesson, course, page }) => {
  await lesson.open(course, "widgets");
  const bit = await lesson.piece("bits").button("Bit 0, FIN").boundingBox();
  expect(bit!.width).toBeGreaterThanOrEqual(24);
  expect(bit!.height).toBeGreaterThanOrEqual(24);
  await expectNoSidewaysScroll(page);
});
