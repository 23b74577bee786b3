// A receipt: given for what was passed, and known again by the relay that wrote it.
import { ChallengePage } from "../support/challenge.ts";
import { REQUEST_FAILED } from "../support/complaints.ts";
import { expect, test } from "../support/lab.ts";

const HELLO = `const socket = new WebSocket(lab.url);
socket.onopen = () => socket.send("hello");
socket.onmessage = () => socket.close();`;

test("a receipt has the name, and is verified; one that was changed is not", async ({ page, complaints }) => {
  complaints.expect(REQUEST_FAILED);
  const challenge = new ChallengePage(page);
  await challenge.open("first-echo");
  await challenge.try(HELLO);
  const receipt = await challenge.getReceipt("Ada Lovelace");

  await page.goto("/receipt");
  const field = page.getByRole("textbox", { name: "The receipt" });
  const check = page.getByRole("button", { name: "Check", exact: true });
  await field.fill(receipt);
  await check.click();
  const said = page.getByRole("main");
  await expect(said.getByText("Ada Lovelace").first()).toBeVisible();
  await expect(said.getByText("first-echo").first()).toBeVisible();

  await field.fill("this is no receipt");
  await check.click();
  await expect(said.getByText(/no receipt/).last()).toBeVisible();
});

test("what the relay did not see gets none", async ({ page, relay }) => {
  const challenge = new ChallengePage(page);
  await challenge.open("first-echo");
  const session = new URL(await challenge.labUrl()).pathname.split("/").pop();
  const answer = await page.request.post(`${relay.url}/api/sessions/${session}/receipts`, {
    data: JSON.stringify({ challenge: "first-echo", since: 0, name: null, told: null }),
  });
  expect(answer.status()).toBe(422);
});
