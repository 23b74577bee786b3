// framescope check: what it records of a failed scenario opens in the page.
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import { BINARY } from "../support/relay.ts";
import { Recording } from "../support/export.ts";
import { expect, Lab, test } from "../support/lab.ts";

const SCENARIO = `
[[scenario]]
name = "an order is confirmed"
connect.headers = ["Authorization: Bearer \${TOKEN}"]

[[scenario.steps]]
send.text = '{"order":"tea"}'

[[scenario.steps]]
expect.json = { path = "$.type", equals = "confirmed" }
`;

test("the recording of a failed check opens in the page", async ({ relay, page }, info) => {
  const file = info.outputPath("shop.toml");
  await writeFile(file, SCENARIO);
  const folder = info.outputPath("recordings");
  const env = { ...process.env, TOKEN: "s3cr3t-tok3n" };
  const check = ["check", `${relay.wsUrl}/echo`, file, "--recordings", folder];
  const { code, out } = await new Promise<{ code: unknown; out: string }>((resolve) => {
    execFile(BINARY, check, { env }, (error, out) => resolve({ code: error?.code, out }));
  });
  expect(code, out).toBe(1);
  expect(out).toContain("`$.type` selects nothing in it");

  const name = "shop-an-order-is-confirmed.json";
  const recording = new Recording(page);
  await recording.open(relay.url);
  await recording.choose({ name, buffer: await readFile(path.join(folder, name)) });
  await expect(recording.banner).toContainText(`A recording. ${name}, started `);
  const recorded = new Lab(page);
  await recorded.expectRows(8);
  const frame = await recorded.inspect(/^From the relay to .*TEXT \{"order":"tea"\}/);
  await expect(frame.root).toContainText("Unmasking");
  const request = await recorded.inspect(/GET \/echo/);
  await expect(request.root).toContainText("Authorization: Bearer ************");
  await expect(page.getByRole("main")).not.toContainText("s3cr3t-tok3n");
});
