// The sequence as a list that lives: it follows the end, stays where one reads, and shows what the filter lets through.
import { BINARY, Client, PING, TEXT, frame } from "../support/client.ts";
import { expect, test } from "../support/lab.ts";

test("new rows pull the view along at the end, and leave it alone where one reads", async ({ lab, page }) => {
  await lab.open();
  const client = await Client.open(lab.labUrl);
  const burst = (name: string) => {
    for (let n = 1; n <= 30; n++) client.send(frame({ opcode: TEXT, payload: `${name} ${n}.` }));
  };
  burst("first");
  await expect(lab.row(/^From the relay: TEXT first 30\./)).toBeInViewport();

  await lab.sequence.focus();
  await page.keyboard.press("Home");
  await expect(lab.row(1)).toBeInViewport();
  burst("second");
  await lab.expectRows(3 + 2 * 60);
  await expect(lab.row(1)).toBeInViewport();
  await expect(lab.row(1)).toHaveAttribute("aria-selected", "true");

  await page.keyboard.press("End");
  await expect(lab.row(3 + 2 * 60)).toBeInViewport();
  burst("third");
  await expect(lab.row(/^From the relay: TEXT third 30\./)).toBeInViewport();
});

test("what the filter lets through is all that shows, live", async ({ lab }) => {
  await lab.open();
  await lab.connect();
  await lab.sendText("Hello");
  await expect(lab.row(5)).toBeVisible();
  const client = await Client.open(lab.labUrl);
  client.send(frame({ opcode: PING, payload: "there?" }), frame({ opcode: BINARY, payload: "hello" }));
  await lab.expectRows(12);

  for (const [filter, sentences] of [
    ["opcode:ping", [/PING there\?/]],
    ["from:relay", [/101/, /TEXT/, /101/, /PONG/, /BINARY/]],
    ["from:browser hello", [/TEXT/, /BINARY/]],
    ["connection:2 opcode:binary", [/^To the relay: BINARY/, /^From the relay: BINARY/]],
    ["sec-websocket-accept", [/101/, /101/]],
    ["HELLO", [/^To the relay: TEXT/, /^From the relay: TEXT/, /^To the relay: BINARY/, /^From the relay: BINARY/]],
  ] as const) {
    await test.step(filter, async () => {
      await lab.filter.fill(filter);
      await lab.expectSequence(...sentences);
    });
  }

  // The filter still stands when something new comes.
  client.send(frame({ opcode: TEXT, payload: "nothing to see" }), frame({ opcode: TEXT, payload: "hello again" }));
  await expect(lab.row(/^From the relay: TEXT hello again/)).toBeVisible();
  await lab.expectRows(6);
  await expect(lab.row(/nothing to see/)).toHaveCount(0);
  await lab.filter.fill("");
  await lab.expectRows(16);
});

test("the inspector follows the visitor's own acts, and its buttons step through the rows", async ({ lab }) => {
  await lab.open();
  await lab.connect();
  await expect(lab.row(1)).toHaveAttribute("aria-selected", "true");
  await lab.sendText("Hello");
  await expect(lab.row(4)).toHaveAttribute("aria-selected", "true");
  await expect(lab.inspector.title).toHaveText("Frame");

  await lab.inspector.root.getByRole("button", { name: "Next row" }).click();
  await expect(lab.row(5)).toHaveAttribute("aria-selected", "true");
  expect((await lab.inspector.bytes()).toString("hex")).toBe("810548656c6c6f");
  for (const number of [4, 3, 2, 1]) {
    await lab.inspector.root.getByRole("button", { name: "Previous row" }).click();
    await expect(lab.row(number)).toHaveAttribute("aria-selected", "true");
  }
  await expect(lab.inspector.title).toHaveText("Opening handshake");
});

test("what the relay's log no longer holds is said to be gone", async ({ lab, startRelay, anotherLab }) => {
  const relay = await startRelay("--log-count", "10");
  await lab.open(relay.url);
  const client = await Client.open(lab.labUrl);
  for (let n = 1; n <= 20; n++) client.send(frame({ opcode: TEXT, payload: `message ${n}.` }));
  await expect(lab.row(/^From the relay: TEXT message 20\./)).toBeVisible();

  // Who comes late gets what is left: of 41 observations the last ten.
  const late = await anotherLab();
  await late.page.goto(lab.page.url());
  await late.expectRows(11);
  await expect(late.row(1)).toHaveAccessibleName(/^31 observations dropped from the relay’s log/);
  await expect(late.row(11)).toHaveAccessibleName(/TEXT message 20\./);
});
