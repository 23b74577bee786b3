// A setup as a link: the page comes with its fields filled in, in a session of the visitor's own, and connects to nothing.
import { expectAccessible } from "../support/axe.ts";
import { SOCKET_FAILED } from "../support/complaints.ts";
import { expect, test, type Lab } from "../support/lab.ts";

const LINK = "/#play?lab=deflate%3Doff%26fragments%3D2&subprotocols=chat.v2,+chat.v1&message=First&message=Second+%26+more&message=%E4%BD%A0%E5%A5%BD";

function next(lab: Lab) {
  return lab.composer.getByRole("list", { name: "Next messages" }).getByRole("listitem");
}

test("a link fills in the fields, and the messages are sent one by one", async ({ lab, page }) => {
  await lab.open(LINK);
  expect(await lab.target()).toMatch(/^\/lab\/[a-z2-7]{26}\?deflate=off&fragments=2$/);
  await lab.behaviours.expectSummary("fragments=2");
  await expect(lab.subprotocols).toHaveValue("chat.v2, chat.v1");
  const text = lab.composer.getByLabel("Text message");
  await expect(text).toHaveValue("First");
  await expect(next(lab)).toHaveText(["Second & more", "你好"]);
  // Nothing happens that the visitor did not ask for.
  await expect(lab.inviting).toBeVisible();
  await expect(lab.banner).toBeEmpty();

  await lab.connect();
  await expect(lab.row(/^From the relay: 101/)).toBeVisible();
  await text.press("Enter");
  await expect(lab.row(/^To the relay: TEXT First /)).toBeVisible();
  await expect(text).toHaveValue("Second & more");
  await expect(text).toBeFocused();
  await expect(next(lab)).toHaveText(["你好"]);
  await page.keyboard.press("Enter");
  await expect(lab.row(/^To the relay: TEXT Second & more /)).toBeVisible();
  await expect(text).toHaveValue("你好");
  await expect(next(lab)).toHaveCount(0);
  await page.keyboard.press("Enter");
  await expect(lab.row(/^To the relay: TEXT 你好 /)).toBeVisible();
  // The last one stays, as any message does.
  await expect(text).toHaveValue("你好");
});

test("what was not sent can be cleared away, and comes back with a reload", async ({ lab, page }) => {
  await lab.open(LINK);
  const address = page.url();
  await lab.composer.getByRole("button", { name: "Clear" }).click();
  await expect(next(lab)).toHaveCount(0);
  await lab.subprotocols.fill("");
  await page.reload();
  await expect(next(lab)).toHaveCount(2);
  await expect(lab.subprotocols).toHaveValue("chat.v2, chat.v1");
  expect(await lab.target()).toMatch(/\?deflate=off&fragments=2$/);
  expect(page.url()).toBe(address);
});

test("a preset's title is shown to those who come by a link", async ({ lab }) => {
  await lab.open("/#play?lab=deflate%3Doff%26idle%3D5s%26idle-end%3Ddrop");
  await lab.behaviours.expectSummary("A proxy's idle timeout");
});

test("a link may lead to another server, which is not connected to either", async ({ lab, silentServer }) => {
  await lab.open(`/#play?url=${encodeURIComponent(silentServer.url)}`);
  await expect(lab.url).toHaveValue(silentServer.url);
  await expect(lab.connection).toContainText("This is another server");
  await expect(lab.inviting).toBeVisible();
});

test("what is wrong in a link is left out, and said", async ({ lab, page }) => {
  const long = "x".repeat(2_001);
  await lab.open(`/#play?lab=fragments%3D2&spell=1&message=${long}&message=Short&subprotocols=a+b&${"message=m&".repeat(20)}`);
  await expect(lab.banner).toContainText("The page could not use the whole link.");
  await expect(lab.banner).toContainText("the unknown part “spell”");
  await expect(lab.banner).toContainText("a message of 2001 bytes (the limit is 2000)");
  await expect(lab.banner).toContainText("“a b”, which is not a list of subprotocols");
  await expect(lab.banner).toContainText("all messages after the first 16");
  await expect(lab.composer.getByLabel("Text message")).toHaveValue("Short");
  await expect(next(lab)).toHaveCount(15);
  await expectAccessible(page, { rules: "all" });
  await lab.banner.getByRole("button", { name: "Dismiss" }).click();
  await expect(lab.banner).toBeEmpty();
  await lab.connect();
});

test("a setting that a link gets wrong is the relay's to refuse", async ({ lab, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  await lab.open("/#play?lab=fragments%3Dmany");
  await lab.pressConnect();
  await lab.expectState("CLOSED");
  const inspector = await lab.inspect(/^From the relay: 400 /);
  await expect(inspector.root).toContainText("fragments takes a number from 1 to 100, not many");
});

test("a setup is copied from the fields, and opens elsewhere", async ({ lab, page, context, anotherLab }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await lab.open();
  await lab.behaviours.choose("A server that sends on its own");
  await lab.subprotocols.fill("chat");
  await lab.composer.getByLabel("Text message").fill("Was it 50% & more?");
  await lab.export.open();
  const copy = lab.export.sheet.getByRole("button", { name: "Copy link" });
  await copy.click();
  await expect(lab.export.sheet.getByRole("button", { name: "Copied" })).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await expect(lab.export.link).toHaveValue(link);
  // The session's name is the right to it.
  expect(link).not.toContain(new URL(page.url()).pathname.slice("/s/".length));

  const other = await anotherLab();
  await other.open(link);
  expect(new URL(other.page.url()).pathname).not.toBe(new URL(page.url()).pathname);
  expect(await other.target()).toMatch(/\?deflate=off&greet=Welcome&push-every=1s$/);
  await expect(other.subprotocols).toHaveValue("chat");
  await expect(other.composer.getByLabel("Text message")).toHaveValue("Was it 50% & more?");
});

test("a setup is taken from the inspected connection, with all that was sent on it", async ({ lab, anotherLab }) => {
  await lab.open();
  await lab.connect();
  await lab.sendText("one");
  await lab.sendText("two");
  await lab.sendHex("00");
  await lab.expectRows(9);
  await lab.close("1000");
  await lab.expectState("CLOSED");
  await lab.behaviours.choose("A slow connection");
  await lab.export.open();
  await expect(lab.export.sheet).toContainText("From connection 1, which you are inspecting: the server behavior and 2 messages.");
  const other = await anotherLab();
  await other.open(await lab.export.link.inputValue());
  expect(await other.target()).toMatch(/\?deflate=off$/);
  await expect(other.composer.getByLabel("Text message")).toHaveValue("one");
  await expect(next(other)).toHaveText(["two"]);
});
