// Challenges solved by other clients: the page grades every connection.
import { ChallengePage } from "../support/challenge.ts";
import { Client, TEXT, frame } from "../support/client.ts";
import { expect, test } from "../support/lab.ts";
import { solveInPython } from "../support/python.ts";
import { challenges } from "../support/written-challenges.ts";

/** With values, through a middlebox, on several connections, and with a verdict of the relay. challenge-clients.spec.ts has all. */
const SHOWN = ["encode-frame", "idle-cut", "subprotocol", "find-the-fault"];

/** This one is about time. A busy machine can be late for it, and a learner runs the client again then. */
const TIMED = "idle-cut";
const RUNS = 3;

for (const { id, checks } of challenges().filter(({ id }) => SHOWN.includes(id))) {
  test(`Python solves ${id}, and the page sees it live`, { tag: "@waiting" }, async ({ page }) => {
    const challenge = new ChallengePage(page);
    await challenge.open(id);
    for (let run = 1; ; run++) {
      try {
        await solveInPython(id, await challenge.labUrl(), await challenge.given());
        break;
      } catch (error) {
        if (id !== TIMED || run === RUNS) throw error;
        await challenge.ownMachine.getByRole("button", { name: "Start over" }).click();
      }
    }
    await expect(challenge.passed).toBeVisible();
    await expect(challenge.summary).toHaveText(`${checks.length} of ${checks.length} checks met`);
    await challenge.getReceipt("Ada");
  });
}

test("a plain socket solves it too, and starting over counts only new connections", async ({ page }) => {
  const challenge = new ChallengePage(page);
  await challenge.open("first-echo");
  const url = await challenge.labUrl();
  const first = await Client.open(url);
  first.send(frame({ opcode: TEXT, payload: "Hello!" }));
  await challenge.expectMet(0);
  await expect(challenge.check(1)).toContainText("“Hello!”");
  await expect(challenge.passed).toBeHidden();
  first.hangUp();

  await challenge.ownMachine.getByRole("button", { name: "Start over" }).click();
  await expect(challenge.summary).toHaveText("0 of 3 checks met");
  const second = await Client.open(url);
  second.send(frame({ opcode: TEXT, payload: "hello" }));
  await expect(challenge.passed).toBeVisible();
  second.hangUp();
});

test("starting over removes a run in the page, and another client counts", async ({ page }) => {
  const challenge = new ChallengePage(page);
  await challenge.open("first-echo");
  await challenge.try(`console.log("printed"); return 1;`);
  await challenge.expectNotMet(0);
  await challenge.ownMachine.getByRole("button", { name: "Start over" }).click();
  // The run is removed, and nothing has been tried.
  await expect(challenge.check(0).locator(".check-state")).toHaveText("not yet");
  await expect(challenge.state).toHaveText("");
  await expect(challenge.console).toBeHidden();
  await expect(challenge.returned).toBeHidden();
  await solveInPython("first-echo", await challenge.labUrl());
  await expect(challenge.passed).toBeVisible();
});
