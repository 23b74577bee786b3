// How the browser tests run. `cargo xtask test e2e` sets the environment that is read here.
import { availableParallelism } from "node:os";

import { defineConfig } from "@playwright/test";

/** Tests with this tag spend their time waiting for a clock: a time limit, an idle timeout, a browser's own patience. */
const WAITING = /@waiting/;
/** Workers of such tests need little of a processor, however many there are. */
const WAITING_WORKERS = 4;
/** One more than there are processors, because every test waits for something now and then. */
const BUSY_WORKERS = Math.min(availableParallelism(), 8) + 1;

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  // challenge-proof runs the same solutions, and more, in Chromium.
  testIgnore: "challenge-solutions.spec.ts",
  // Each worker has its own browser and its own relay.
  workers: WAITING_WORKERS + BUSY_WORKERS,
  fullyParallel: true,
  // `cargo xtask test` runs failed tests again after the others, and names them.
  retries: 0,
  forbidOnly: true,
  // These limits only end a test that hangs. A slow machine must not reach them.
  timeout: 900_000,
  expect: { timeout: 90_000 },
  reporter: [["list"], ["./support/reasons.ts"]],
  projects: [
    // First, so that they wait while the others work.
    { name: "waiting", grep: WAITING, workers: WAITING_WORKERS },
    { name: "busy", grepInvert: WAITING, workers: BUSY_WORKERS },
  ],
  use: {
    browserName: "chromium",
    // A trace takes a fifth of the time. `--trace retain-on-failure` keeps one for each failed test.
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
