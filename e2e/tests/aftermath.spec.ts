// What the browser did about it: what the relay did deliberate, what the wire carried then, what JavaScript was told.
import { expectAccessible } from "../support/axe.ts";
import { Client, TEXT, frame } from "../support/client.ts";
import { SOCKET_FAILED } from "../support/complaints.ts";
import { expect, test, type Lab } from "../support/lab.ts";

/** Comes to the page, and has the relay behave as `query` says. */
async function behaving(lab: Lab, query: string): Promise<void> {
  await lab.open();
  await lab.url.fill(`${await lab.url.inputValue()}&${query}`);
}

test("a fault shows all three together: the act, the browser's close frame, and 1006", async ({ lab, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  await behaving(lab, "fault=rsv1@2");
  await lab.connect();
  await lab.sendText("right");
  await expect(lab.row(/^From the relay: TEXT right FIN · 5 B JavaScript: onmessage/)).toBeVisible();
  await lab.sendText("wrong");
  await lab.expectState("CLOSED");

  const inspector = await lab.inspect(/^From the relay: TEXT wrong FIN · RSV1 · 5 B deliberate · §5\.2 JavaScript: nothing/);
  const card = inspector.root.locator(".card.purpose");
  await expect(card).toContainText("the reply has RSV1 set, but it is not compressed.");
  await expect(card).toContainText("RFC 6455 §5.2. The connection’s settings ask for this: rsv1.");
  await expect(inspector.root.locator(".card.bad")).toContainText("RSV1 is set, but no negotiated extension");
  await expect(inspector.root).toContainText(
    "RFC 6455 §5.2 was broken, so the browser failed the connection (§7.1.7) with 1002, protocol error.",
  );
  const closeFrames = inspector.root.getByRole("button", { name: /^CLOSE 1002/ });
  await expect(closeFrames).toHaveCount(2);
  await expect(inspector.root.locator(".aftermath")).toContainText(/onerror\s*onclose: code 1006, reason "", wasClean false/);

  // Beside it: what both browsers did when it was recorded.
  await inspector.root.getByText("What Chromium and Firefox do").click();
  await expect(inspector.root.getByText(/^Firefox \d+$/)).toBeVisible();
  await expect(inspector.root).toContainText("The wire carried: browser: CLOSE 1002 “Invalid reserved bit”");

  // Each leads to its row, and the end leads back.
  await closeFrames.first().click();
  await expect(lab.row(/^To the relay: CLOSE 1002/)).toHaveAttribute("aria-selected", "true");
  await lab.inspect(/^CLOSED/);
  await expect(inspector.root).toContainText("Cause");
  await inspector.root.getByRole("button", { name: "Show", exact: true }).click();
  await expect(lab.row(/deliberate · §5\.2/)).toHaveAttribute("aria-selected", "true");
});

for (const [query, row, says] of [
  ["refuse=503", /^From the relay: 503 .*deliberate JavaScript: onerror, onclose 1006/, "The socket never opened"],
  ["sec-accept=wrong", /^From the relay: 101 .*deliberate JavaScript: onerror, onclose 1006/, "The socket never opened (RFC 6455 §4.1)."],
  ["open=drop", /^NO ANSWER.*JavaScript: onerror, onclose 1006/, "The socket never opened"],
  ["open=garbage", /^From the relay: NOT HTTP SSH-2\.0.*deliberate JavaScript: onerror, onclose 1006/, "The socket never opened"],
] as const) {
  test(`${query}: the socket never opens, and the page is not told why`, async ({ lab, complaints }) => {
    complaints.expect(SOCKET_FAILED);
    await behaving(lab, query);
    await lab.pressConnect();
    await lab.expectState("CLOSED");
    const inspector = await lab.inspect(row);
    await expect(inspector.root.locator(".card.purpose")).toContainText("Deliberate");
    await expect(inspector.root.locator(".lead")).toContainText(says);
    await expect(inspector.root.locator(".lead")).toContainText("JavaScript is told only 1006, because a page must not learn the reason.");
    await expect(inspector.root.locator(".aftermath")).toContainText(/onerror\s*onclose: code 1006/);
  });
}

test("a goodbye deliberate is answered, and its code is what JavaScript is told", async ({ lab }) => {
  await behaving(lab, "close-after=1&close-code=4444&close-reason=enough");
  await lab.connect();
  await lab.sendText("once");
  await lab.expectState("CLOSED");
  const inspector = await lab.inspect(/^From the relay: CLOSE 4444 enough .*deliberate/);
  await expect(inspector.root).toContainText("Both sides sent a close frame, so the close was clean (RFC 6455 §7.1.4).");
  await expect(inspector.root.locator(".aftermath")).toContainText('onclose: code 4444, reason "enough", wasClean true');
});

test("a line that is dropped is 1006, and the end says what led to it", async ({ lab, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  await behaving(lab, "drop-after=1");
  await lab.connect();
  await lab.sendText("once");
  await lab.expectState("CLOSED");
  const inspector = await lab.inspect(/^DELIBERATE: the server ends the TCP connection without a close frame/);
  await expect(inspector.title).toHaveText("Deliberate");
  await expect(inspector.root).toContainText("JavaScript is told 1006, which is never sent: it means that no close frame came (§7.1.5).");
  await lab.inspect(/^CLOSED: no close frame JavaScript: .*onclose 1006/);
  await expect(inspector.root).toContainText("Cause");
  await inspector.root.getByRole("button", { name: "Show", exact: true }).click();
  await expect(inspector.title).toHaveText("Deliberate");
});

test("a client that looks away is said to have taken it", async ({ lab }) => {
  await lab.open();
  const client = await Client.open(`${lab.labUrl}?fault=rsv2@1`);
  client.send(frame({ opcode: TEXT, payload: "a" }));
  await client.bytes(3);
  const inspector = await lab.inspect(/^From the relay: TEXT a .*deliberate · §5\.2 JavaScript: not this page/);
  await expect(inspector.root).toContainText("Nothing yet.");
  await expect(inspector.root.locator(".aftermath")).toContainText("not a socket of this page");
  client.send(frame({ opcode: TEXT, payload: "b" }));
  await expect(inspector.root).toContainText("The client accepted this and continued. A strict client would fail the connection: RFC 6455 §5.2.");
});

test("what is deliberate is found by the filter, and so is what is wrong", async ({ lab, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  await behaving(lab, "greet=Welcome&fault=rsv3@1");
  await lab.connect();
  await expect(lab.row(/^From the relay: TEXT Welcome FIN · 7 B greeting JavaScript: onmessage "Welcome"/)).toBeVisible();
  await lab.sendText("x");
  await lab.expectState("CLOSED");
  await expect(lab.row(/^CLOSED/)).toBeVisible();
  await lab.filter.fill("is:deliberate");
  await lab.expectSequence(/TEXT Welcome .*greeting/, /TEXT x .*deliberate · §5\.2/);
  await lab.filter.fill("is:deliberate is:wrong");
  await lab.expectSequence(/TEXT x .*deliberate · §5\.2/);
});

test("times begin with the request, also where the answer was late", async ({ lab }) => {
  await behaving(lab, "open-delay=300ms");
  await lab.connect();
  await expect(lab.row(1)).toHaveAccessibleName(/^To the relay: GET .* 0\.0 ms$/);
  const late = Number(/ ([\d.]+) ms$/.exec((await lab.sentences())[1]!)?.[1]);
  expect(late).toBeGreaterThanOrEqual(300);
  await expect(lab.row(2)).toHaveAccessibleName(/^From the relay: 101 .*deliberate/);
  const inspector = await lab.inspect(2);
  await expect(inspector.root).toContainText("The browser accepted, and the connection is open.");
});

for (const width of [1440, 360]) {
  for (const [colorScheme, rules] of [["light", "all"], ["dark", "contrast"]] as const) {
    test.describe(`${width} px wide, ${colorScheme}`, () => {
      test.use({ viewport: { width, height: 860 }, colorScheme });

      test("axe finds nothing wrong with what came of it", async ({ lab, page, complaints }) => {
        complaints.expect(SOCKET_FAILED);
        await behaving(lab, "greet=Welcome&fault=rsv1@1");
        await lab.connect();
        await lab.sendText("Hello");
        await lab.expectState("CLOSED");
        for (const row of [/^From the relay: TEXT Welcome/, /deliberate · §5\.2/, /^CLOSED/]) {
          const inspector = await lab.inspect(row);
          await test.step(String(row), () => expectAccessible(page, { rules }));
          const back = inspector.root.getByRole("button", { name: "Back to the sequence" });
          if (await back.isVisible()) await back.click();
        }
        await lab.url.fill((await lab.url.inputValue()).replace(/greet=.*/, "drop-after=1"));
        await lab.connect();
        await lab.sendText("Hello");
        await lab.expectState("CLOSED");
        await lab.inspect(/^DELIBERATE/);
        await test.step("an act", () => expectAccessible(page, { rules }));
      });
    });
  }
}
