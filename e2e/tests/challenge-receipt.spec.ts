// Receipts: the relay issues one for a passed challenge and can verify it.
import { ChallengePage } from "../support/challenge.ts";
import { expect, test } from "../support/lab.ts";

const HELLO = `const socket = new WebSocket(lab.url);
socket.onopen = () => socket.send("hello");
socket.onmessage = () => socket.close();`;

test("a receipt with a name is valid, and a changed one is not", async ({ page }) => {
  const challenge = new ChallengePage(page);
  await challenge.open("first-echo");
  await challenge.try(HELLO);
  const receipt = await challenge.getReceipt("Ada Lovelace");

  await page.goto("/receipt");
  const field = page.getByRole("textbox", { name: "The receipt" });
  const check = page.getByRole("button", { name: "Check", exact: true });
  const said = page.getByRole("status");
  await field.fill(receipt);
  await check.click();
  await expect(said).toContainText("This receipt is valid");
  await expect(said.getByRole("definition").first()).toHaveText("Ada Lovelace");
  await expect(said).toContainText("first-echo");

  expect(receipt).toContain("Ada Lovelace");
  await field.fill(receipt.replace("Ada Lovelace", "Eve"));
  await check.click();
  await expect(said).toContainText("the text was changed after it was signed");
  await expect(said.getByRole("definition")).toHaveCount(0);

  await field.fill("this is no receipt");
  await check.click();
  await expect(said).toContainText("This text contains no receipt");
});

test("code that prints and does a lot gets a receipt too", async ({ page }) => {
  const challenge = new ChallengePage(page);
  await challenge.open("first-echo");
  await challenge.try(`for (let i = 0; i < 1_000; i += 1) console.log("“" + "\\n".repeat(290));
    const other = new WebSocket(lab.url);
    await new Promise((resolve) => (other.onopen = resolve));
    for (let i = 0; i < 400; i += 1) other.send("x".repeat(200));
    other.close();
    ${HELLO}`);
  await expect(challenge.passed).toBeVisible();
  expect(await challenge.getReceipt("Ada")).toContain("Ada");
});

test("an attempt that the relay did not see gets no receipt", async ({ page, relay }) => {
  const challenge = new ChallengePage(page);
  await challenge.open("first-echo");
  const session = new URL(await challenge.labUrl()).pathname.split("/").pop();
  const answer = await page.request.post(`${relay.url}/api/sessions/${session}/receipts`, {
    data: JSON.stringify({ challenge: "first-echo", since: 0, name: null, told: null }),
  });
  expect(answer.status()).toBe(422);
});
