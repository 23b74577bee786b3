// The page itself: what it loads, what it may do, how it looks at first.
import { REQUEST_FAILED } from "../support/complaints.ts";
import { expect, test } from "../support/lab.ts";

test("the first view comes from the relay alone, under a strict policy", async ({ lab, page, context }) => {
  const network = await context.newCDPSession(page);
  await network.send("Network.enable");
  let transferred = 0;
  network.on("Network.loadingFinished", ({ encodedDataLength }) => (transferred += encodedDataLength));
  const answer = page.waitForResponse((response) => response.request().isNavigationRequest());
  await lab.open();

  const policy = (await answer).headers()["content-security-policy"] ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain("'unsafe-inline'");
  expect(policy).not.toContain("'unsafe-eval'");
  await expect(page).toHaveTitle(/Framescope/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Playground");
  // xtask holds the build to its budget; here is what a browser made of it.
  console.log(`      the first view took ${transferred.toLocaleString("en")} bytes over the wire`);
});

test("the policy holds: a script that was not there is not run", async ({ lab, page, complaints }) => {
  complaints.expect(/Content[ -]Security[ -]Policy/);
  await lab.open();
  const violation = await page.evaluate(() => {
    const told = new Promise<string>((tell) => {
      addEventListener("securitypolicyviolation", (event) => tell(event.violatedDirective), { once: true });
    });
    const script = document.createElement("script");
    script.textContent = "document.title = 'injected'";
    document.body.append(script);
    return told;
  });
  expect(violation).toBe("script-src-elem");
  await expect(page).toHaveTitle(/Framescope/);
});

for (const scheme of ["light", "dark"] as const) {
  test(`the theme is the system's, ${scheme}, until the visitor chooses, and then stays`, async ({ lab, page }) => {
    const other = scheme === "light" ? "dark" : "light";
    await page.emulateMedia({ colorScheme: scheme });
    await lab.open();
    const root = page.locator("html");
    const shown = () => page.locator("body").evaluate((body) => getComputedStyle(body).backgroundColor);
    const asLoaded = await shown();
    // It follows the system as long as nothing is chosen.
    await page.emulateMedia({ colorScheme: other });
    await expect(page.getByRole("button", { name: `Switch to ${scheme}` })).toBeVisible();
    expect(await shown()).not.toBe(asLoaded);
    await page.emulateMedia({ colorScheme: scheme });
    await page.getByRole("button", { name: `Switch to ${other}` }).click();
    await expect(root).toHaveAttribute("data-theme", other);
    await expect(page.getByRole("button", { name: `Switch to ${scheme}` })).toBeVisible();

    await page.reload();
    await expect(root).toHaveAttribute("data-theme", other);
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe(other);
  });
}

test("an address that is none says so, and leads back to the playground", async ({ lab, page, complaints, request }) => {
  complaints.expect(REQUEST_FAILED);
  const answer = await page.goto("/nothing/here");
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Page not found");
  await page.getByRole("link", { name: "Go to the playground" }).click();
  await page.waitForURL(/\/s\/[a-z2-7]{26}$/);
  await lab.connect();

  // A client that reads no HTML is told in a line.
  const plain = await request.get("/nothing/here");
  expect(plain.status()).toBe(404);
  expect(await plain.text()).toContain("The playground is at /");
});
