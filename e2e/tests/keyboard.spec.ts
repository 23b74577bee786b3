// Everything by keyboard: the focus is always somewhere, and can be seen there.
import { REQUEST_FAILED, SOCKET_FAILED } from "../support/complaints.ts";
import { expectFocusShown, tabTo } from "../support/keyboard.ts";
import { expect, test, type Lab } from "../support/lab.ts";
import { partsLoaded } from "../support/parts.ts";

test("a whole exchange needs no mouse", async ({ lab, page }) => {
  await lab.open();
  await test.step("connect", async () => {
    await tabTo(page, lab.inviting);
    await page.keyboard.press("Enter");
    await lab.expectState("OPEN");
    await expectFocusShown(page);
  });

  await test.step("write and send", async () => {
    const text = lab.composer.getByLabel("Text message");
    await tabTo(page, text);
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("by keyboard");
    await page.keyboard.press("Enter");
    await expect(lab.row(5)).toHaveAccessibleName(/^From the relay: TEXT by keyboard/);
    // Ready for the next one.
    await expect(text).toBeFocused();
  });

  await test.step("move in the sequence", async () => {
    await tabTo(page, lab.sequence);
    await page.keyboard.press("End");
    await expectActive(lab, 5);
    await page.keyboard.press("ArrowUp");
    await expectActive(lab, 4);
    await page.keyboard.press("Home");
    await expectActive(lab, 1);
    await page.keyboard.press("ArrowUp");
    await expectActive(lab, 1);
    await page.keyboard.press("PageDown");
    await expectActive(lab, 5);
    await page.keyboard.press("ArrowUp");
  });

  await test.step("go into the inspector, through its parts, and back", async () => {
    await page.keyboard.press("Enter");
    await expect(lab.inspector.root).toBeFocused();
    await expectFocusShown(page);
    const tab = (name: string) => lab.inspector.root.getByRole("tab", { name });
    await tabTo(page, tab("Frame"));
    await page.keyboard.press("ArrowRight");
    await expect(tab("Message")).toBeFocused();
    await expect(tab("Message")).toHaveAttribute("aria-selected", "true");
    await expect(lab.inspector.root.getByRole("tabpanel")).toContainText("by keyboard");
    await page.keyboard.press("End");
    await expect(tab("On the path")).toBeFocused();
    await page.keyboard.press("ArrowRight");
    await expect(tab("Frame")).toBeFocused();
    await expectFocusShown(page);
    await page.keyboard.press("Escape");
    await expect(lab.sequence).toBeFocused();
    await expectActive(lab, 4);
  });

  await test.step("choose another kind of message", async () => {
    const tab = (name: string) => lab.composer.getByRole("tab", { name });
    await tabTo(page, tab("Text"));
    await page.keyboard.press("ArrowRight");
    await expect(tab("Bytes")).toBeFocused();
    await tabTo(page, lab.composer.getByLabel("Bytes in hex"));
    await page.keyboard.press("Enter");
    await expect(lab.row(7)).toHaveAccessibleName(/^From the relay: BINARY 5 B/);
  });

  await test.step("say goodbye", async () => {
    await tabTo(page, lab.composer.getByRole("tab", { name: "Bytes" }), "backwards");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await tabTo(page, lab.composer.getByLabel("Reason"));
    await page.keyboard.type("no mouse");
    await page.keyboard.press("Enter");
    await expect(lab.row(/^CLOSED: the browser closed first, 1000/)).toBeVisible();
    await expectFocusShown(page);
  });

  await test.step("connect again", async () => {
    await tabTo(page, lab.connection.getByRole("button", { name: "Connect again" }));
    await page.keyboard.press("Enter");
    await lab.expectState("OPEN");
    await expectFocusShown(page);
    await page.keyboard.press("Enter");
    await lab.expectState("CLOSED");
    await expectFocusShown(page);
  });
});

test("the first stop leads past the bars to the frames", async ({ lab, page }) => {
  await lab.open();
  await lab.connect();
  await page.reload();
  await expect(lab.row(1)).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to frames" })).toBeFocused();
  await expectFocusShown(page);
  await page.keyboard.press("Enter");
  await expect(lab.sequence).toBeFocused();
});

test("a URL is typed and tried with Enter", async ({ lab, page }) => {
  await lab.open();
  await tabTo(page, lab.url);
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("ftp://nonsense");
  await page.keyboard.press("Enter");
  await expect(lab.url).toHaveAttribute("aria-invalid", "true");
  await expect(lab.url).toBeFocused();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type(lab.labUrl);
  await page.keyboard.press("Enter");
  await lab.expectState("OPEN");
  await expectFocusShown(page);
});

test("a button that has nothing to do any more keeps the focus", async ({ lab, page, silentServer, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  await lab.open();
  await lab.url.fill(silentServer.url);
  await page.keyboard.press("Enter");
  await lab.expectState("OPEN");
  await tabTo(page, lab.connection.getByRole("button", { name: "Close" }));
  await page.keyboard.press("Enter");
  // The server does not answer, so the goodbye takes as long as the browser waits.
  await lab.expectState("CLOSING");
  await expectFocusShown(page);
  silentServer.hangUp();
  await lab.expectState("CLOSED");
  await expectFocusShown(page);

  await page.keyboard.press("Enter");
  await lab.expectState("OPEN");
  await lab.composeClose("1000");
  await tabTo(page, lab.submit);
  await page.keyboard.press("Enter");
  await lab.expectState("CLOSING");
  await expectFocusShown(page);
});

test("a banner's button keeps the focus in reach when it goes", async ({ lab, page, relay, lineTo, complaints }) => {
  complaints.expect(SOCKET_FAILED, REQUEST_FAILED);
  const line = await lineTo(relay.url);
  await lab.open(line.url);
  await partsLoaded(page);
  line.cut();
  const retry = lab.banner.getByRole("button", { name: "Retry now" });
  await tabTo(page, retry);
  line.mend();
  await page.keyboard.press("Enter");
  await expect(lab.banner).toBeEmpty();
  await expectFocusShown(page);
});

/** The row that the focus of the sequence is on. */
async function expectActive(lab: Lab, number: number): Promise<void> {
  const row = lab.row(number);
  await expect(row).toHaveAttribute("aria-selected", "true");
  await expect(row).toBeInViewport();
  await expect(lab.sequence).toHaveAttribute("aria-activedescendant", (await row.getAttribute("id")) ?? "");
}
