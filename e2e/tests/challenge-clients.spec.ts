// The challenges that any client can solve: Node's `ws`, Python's `websockets` and a plain TCP socket pass each of them, and no
// shortcut does. The relay grades all of it, and no page is open, so many run side by side.
import { ChallengePage } from "../support/challenge.ts";
import { GradedSession, type Verdict } from "../support/grading.ts";
import { expect, test } from "../support/lab.ts";
import { runInNode } from "../support/learner.ts";
import { solveInPython, solveOverSocket, solved } from "../support/python.ts";
import { TOO_LONG, isTooRegular, wereLate } from "../support/regularity.ts";
import { test as withoutPage } from "../support/relay.ts";
import { FRAMES, MOST_RUNS, RECEIVED, challenges, type WrittenChallenge } from "../support/written-challenges.ts";

/** How many runs an attempt gets whose waits are too regular: a busy machine may make them irregular. */
const RUNS = 3;

const PYTHON = [
  { file: "solve.py", solve: solveInPython },
  { file: "raw.py", solve: solveOverSocket },
] as const;

type Begin = () => Promise<GradedSession>;
type Wrong = WrittenChallenge["wrong"][number];

for (const written of challenges().filter(({ place }) => place === "anywhere")) {
  const { id, hasValues } = written;
  const title = `${id}: no shortcut passes, and clients in Node and Python do`;
  if (hasValues) {
    // The page knows the values of a session.
    test(title, { tag: "@waiting" }, async ({ page, relay }) => {
      const challenge = new ChallengePage(page);
      await challenge.open(id);
      const session = new URL(await challenge.labUrl()).pathname.split("/").at(-1)!;
      const given = await challenge.given();
      const begin = async () => GradedSession.of(relay.url, session, written, given);
      // One after another, because all are in the same session.
      for (const attempt of attempts(written, begin)) await attempt();
    });
  } else {
    withoutPage(title, { tag: "@waiting" }, async ({ relay }) => {
      const begin = () => GradedSession.begin(relay.url, written);
      await Promise.all(attempts(written, begin).map((attempt) => attempt()));
    });
  }
}

function attempts(written: WrittenChallenge, begin: Begin): (() => Promise<void>)[] {
  const { id, starter, wrong } = written;
  return [
    async () => expect(met(await inNode(written, starter, begin)), `the starter of ${id}`).toBe(false),
    ...wrong.map((wrong) => () => fails(written, wrong, begin)),
    () => passesInNode(written, begin),
    ...PYTHON.filter(({ file }) => solved(file).includes(id)).map(({ file, solve }) => async () => {
      const session = await begin();
      let verdicts: Verdict[] = [];
      for (let run = 1; run === 1 || (run <= MOST_RUNS && wasLate(verdicts)); run++) {
        const since = await session.last();
        await solve(id, session.url, session.given);
        verdicts = await session.grade(since);
      }
      expectMet(verdicts, `${file} at ${id}`);
    }),
  ];
}

async function inNode(written: WrittenChallenge, code: string, begin: Begin): Promise<Verdict[]> {
  const session = await begin();
  const since = await session.last();
  await runInNode(code, written, session.url, session.given);
  return session.grade(since);
}

async function fails(written: WrittenChallenge, { file, code, fails, says }: Wrong, begin: Begin): Promise<void> {
  const what = `${written.id}/${file}`;
  for (let run = 1; ; run++) {
    const verdicts = await inNode(written, code, begin);
    const verdict = verdicts.find(({ check }) => check === fails);
    if (verdict && isTooRegular(says)) {
      // A late wait no longer doubles exactly, but may still be the same each time.
      if (isTooRegular(verdict.found)) return;
      const late = verdict.met ? wereLate(verdict.found) : TOO_LONG.test(verdict.found);
      expect(late, `${what}: ${verdict.found}`).toBe(true);
      if (run < RUNS) continue;
      console.log(`NOTE: ${what} could not be tried: this machine was late in ${RUNS} of ${RUNS} runs (${verdict.found})`);
      return;
    }
    expect(verdict, what).toMatchObject({ met: false, found: expect.stringContaining(says) });
    expect(met(verdicts), what).toBe(false);
    return;
  }
}

async function passesInNode(written: WrittenChallenge, begin: Begin): Promise<void> {
  const session = await begin();
  const since = await session.last();
  // Some solutions need what a learner has seen on the wire.
  if (written.solution.includes(FRAMES) || written.conceal) await runInNode(written.starter, written, session.url, session.given);
  let verdicts: Verdict[] = [];
  for (let run = 1; run === 1 || (run <= MOST_RUNS && (wasLate(verdicts) || (written.conceal && !met(verdicts)))); run++) {
    const { hex, count } = await session.lastReceived();
    const begun = written.conceal ? since : await session.last();
    const solution = written.solution.replace(FRAMES, `const fragments = ${count};`).replace(RECEIVED, `const received = "${hex}";`);
    await runInNode(solution, written, session.url, session.given);
    verdicts = await session.grade(begun);
  }
  expectMet(verdicts, `the solution of ${written.id}`);
}

/** Whether nothing is wrong but a wait that was too long, which only a busy machine makes it. */
function wasLate(verdicts: Verdict[]): boolean {
  const wrong = verdicts.filter(({ met }) => !met);
  return wrong.length > 0 && wrong.every(({ found }) => TOO_LONG.test(found));
}

function met(verdicts: Verdict[]): boolean {
  return verdicts.length > 0 && verdicts.every(({ met }) => met);
}

function expectMet(verdicts: Verdict[], who: string): void {
  expect(verdicts.filter(({ met }) => !met), who).toEqual([]);
}
