// Messages of every kind and size: bytes, images, and the three forms a length is said in.
import type { Locator } from "@playwright/test";

import { expect, test } from "../support/lab.ts";
import { noise } from "../support/png.ts";

test("bytes written in hex leave as a binary message and come back the same", async ({ lab }) => {
  await lab.open();
  await lab.connect();
  await lab.sendHex("00 ff 0x81, 7f");
  await expect(lab.row(4)).toHaveAccessibleName(/^To the relay: BINARY 4 B FIN · masked JavaScript: send\(4 B\) Wire:/);
  await expect(lab.row(5)).toHaveAccessibleName(/^From the relay: BINARY 4 B FIN JavaScript: onmessage 4 B Wire: 82 04 /);

  const inspector = await lab.inspect(5);
  expect((await inspector.bytes()).toString("hex")).toBe("820400ff817f");
  await lab.inspect(4);
  expect((await inspector.unmasking("message")).toString("hex")).toBe("00ff817f");
});

test("an empty message is a frame all the same", async ({ lab }) => {
  await lab.open();
  await lab.connect();
  await lab.sendText("");
  const inspector = await lab.inspect(/^From the relay: TEXT/);
  expect((await inspector.bytes()).toString("hex")).toBe("8100");
  await inspector.turnTo("Message");
  await expect(inspector.root.getByRole("tabpanel")).toContainText("A text message of 0 B in one frame.");
});

test("text may stand on several lines: Enter sends, Shift and Enter makes a line", async ({ lab, page }) => {
  await lab.open();
  await lab.connect();
  const text = lab.composer.getByLabel("Text message");
  await text.fill("");
  await text.pressSequentially("one");
  await text.press("Shift+Enter");
  await text.pressSequentially("two");
  await page.keyboard.press("Enter");
  const inspector = await lab.inspect(/^From the relay: TEXT one␊two/);
  expect((await inspector.bytes()).toString("latin1")).toBe("\x81\x07one\ntwo");
});

test("Enter that ends a composition of an input method does not send", async ({ lab }) => {
  await lab.open();
  await lab.connect();
  const text = lab.composer.getByLabel("Text message");
  await text.fill("composed");
  // Safari reports the Enter after the end of the composition, with the key code of an input method.
  for (const pressed of [{ keyCode: 229 }, { isComposing: true }]) {
    await text.evaluate((field, pressed) => {
      const init = { key: "Enter", bubbles: true, cancelable: true, ...pressed };
      field.dispatchEvent(new KeyboardEvent("keydown", init));
    }, pressed);
  }
  await text.fill("meant");
  await text.press("Enter");
  await expect(lab.row(/^From the relay: TEXT meant/)).toBeVisible();
  await expect(lab.row(/^From the relay: TEXT/)).toHaveCount(1);
});

test("an image that is sent is shown again when it comes back", async ({ lab }) => {
  const image = noise(24, 24);
  await lab.open();
  await lab.connect();
  await lab.sendFile({ name: "noise.png", mimeType: "image/png", buffer: image });
  const echo = lab.row(/^From the relay: BINARY/);
  await expect(echo.locator("img")).toHaveJSProperty("naturalWidth", 24);

  const inspector = await lab.inspect(/^From the relay: BINARY/);
  // 1,8 KB take the 16-bit form: 126, and the length behind it.
  const header = Buffer.from([0x82, 126, image.length >> 8, image.length & 0xff]);
  expect((await inspector.bytes()).subarray(0, 4)).toEqual(header);
  await expect(inspector.root.getByRole("group", { name: "bit by bit" })).toContainText("126: 2 bytes follow");
  await inspector.turnTo("Message");
  await expectPicture(inspector.root.getByRole("img", { name: "The image in the message" }), 24);
});

test("a large image arrives whole, though the relay keeps only the front of each frame", async ({ lab }) => {
  const image = noise(200, 170);
  expect(image.length).toBeGreaterThan(100_000);
  await lab.open();
  await lab.connect();
  await lab.sendFile({ name: "large.png", mimeType: "image/png", buffer: image });
  // How many frames the browser makes of it is the browser's affair.
  const last = lab.row(/^From the relay: .*onmessage/);
  await expect(last).toBeVisible();
  const inspector = await lab.inspect(/^From the relay: .*onmessage/);
  await expect(inspector.root.getByText(/crossed the wire; the relay recorded the first [\d,]+ B/)).toBeVisible();
  await inspector.turnTo("Message");
  const size = image.length.toLocaleString("en");
  await expect(inspector.root.getByRole("tabpanel")).toContainText(`A binary message of ${size} B in`);
  await expectPicture(inspector.root.getByRole("img", { name: "The image in the message" }), 200);
});

test("a length past 65,535 takes the 64-bit form", async ({ lab }) => {
  await lab.open();
  await lab.connect();
  await lab.sendText("x".repeat(65_536));
  const inspector = await lab.inspect(/^From the relay: .*onmessage/);
  await expect(inspector.root.getByRole("group", { name: "bit by bit" })).toContainText("127: 8 bytes follow");
  expect((await inspector.bytes()).subarray(0, 10).toString("hex")).toBe("817f0000000000010000");
});

test("the composer shows the first bytes that a message will have", async ({ lab }) => {
  await lab.open();
  await lab.compose("Text");
  await lab.composer.getByLabel("Text message").fill("Hello");
  await expect(lab.composer).toContainText("When connected, on the wire: header 81 85, a 4-byte masking key, 5 B");
  await expect(lab.submit).toBeDisabled();
  await lab.connect();
  await expect(lab.composer).toContainText("On the wire: header 81 85, a 4-byte masking key, 5 B");
  await expect(lab.submit).toBeEnabled();
});

/** Waits until the picture is shown, and is the one of this width. */
async function expectPicture(picture: Locator, width: number): Promise<void> {
  await expect(picture).toBeVisible();
  await expect(picture).toHaveJSProperty("naturalWidth", width);
}
