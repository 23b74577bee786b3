// How the browser tests run in Firefox. `cargo xtask test e2e` sets the environment that is read here.
import { defineConfig } from "@playwright/test";

import chromium from "./playwright.config.ts";

/** What a learner does in any browser. The other specs are about the page and the relay alone, and run in Chromium only.
 * Those of the workbench too (saved, workbench): under WebDriver BiDi, Firefox 153 loses the page's context in the middle of them. */
const SPECS = [
  "another-server",
  "behaviours-documented",
  "challenge-solutions",
  "check",
  "closing",
  "cluster",
  "console",
  "decode",
  "course-live",
  "course-questions",
  "embed",
  "first-connect",
  "hops-boxes",
  "hops-tls",
  "messages",
  "reconnect",
  "refusals",
  "session",
  "export",
  "import",
  "rules",
  "filter",
  "notes",
];

export default defineConfig({
  ...chromium,
  testIgnore: [],
  testMatch: SPECS.map((name) => `${name}.spec.ts`),
  outputDir: "test-results-firefox",
  // A start of Firefox takes seconds, so one worker opens many pages in place of many workers.
  workers: 3,
  projects: [{ name: "firefox" }],
  use: {
    ...chromium.use,
    browserName: "firefox",
    // For a screenshot, Playwright adds a style to the page, which its Content-Security-Policy forbids and Firefox reports.
    screenshot: "off",
    // Not Playwright's own build of Firefox, but a released one.
    channel: "moz-firefox",
    launchOptions: {
      executablePath: process.env.FRAMESCOPE_FIREFOX ?? "/usr/bin/firefox-esr",
      // A test has many pages, and each must run as if it were in front. Otherwise Firefox slows the timers of all but one.
      firefoxUserPrefs: {
        "dom.min_background_timeout_value": 4,
        "dom.min_background_timeout_value_without_budget_throttling": 4,
        "dom.timeout.enable_budget_timer_throttling": false,
        "dom.workers.throttling.enabled": false,
      },
    },
  },
});
