// How the browser tests run. `cargo xtask test e2e` sets the environment that is read here.
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  // Each worker has a browser and a relay of its own.
  workers: 2,
  fullyParallel: true,
  // A test that passes only the second time has found something.
  retries: 0,
  forbidOnly: true,
  timeout: 30_000,
  expect: { timeout: 5_000 },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    // A trace takes a fifth of the time. `--trace retain-on-failure` has one of what fails.
    trace: "off",
    screenshot: "only-on-failure",
    launchOptions: {
      // Unset, Playwright takes the browser that it downloaded itself.
      executablePath: process.env.FRAMESCOPE_CHROMIUM,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
