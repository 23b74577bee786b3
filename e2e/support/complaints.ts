// What the browser complains about. A page in good order gives it no cause.
import type { BrowserContext } from "@playwright/test";

/** What Chromium logs for a WebSocket that did not come about. No page can keep it from doing so. */
export const SOCKET_FAILED = /^WebSocket connection to '\S+' failed/;

/** What it logs for a request that got no answer, or one of 4xx or 5xx. */
export const REQUEST_FAILED = /^Failed to load resource/;

export class Complaints {
  private readonly heard: string[] = [];
  private readonly expected: RegExp[] = [];

  /** Listens to all pages of `context`, from now on. */
  async listen(context: BrowserContext): Promise<void> {
    context.on("console", (message) => {
      if (message.type() === "error") this.heard.push(message.text());
    });
    context.on("weberror", (error) => this.heard.push(`uncaught: ${error.error().message}`));
    context.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      const held = protocol === "blob:" || protocol === "data:" || protocol === "about:";
      if (held || request.isNavigationRequest() || request.serviceWorker() !== null) return;
      if (origin !== new URL(request.frame().url()).origin) this.heard.push(`loaded from elsewhere: ${request.url()}`);
    });
    await context.addInitScript(() => {
      addEventListener("securitypolicyviolation", (event) => {
        console.error(`forbidden by the Content-Security-Policy: ${event.violatedDirective} ${event.blockedURI}`);
      });
    });
  }

  /** Says that the test brings about complaints like this one. */
  expect(...patterns: RegExp[]): void {
    this.expected.push(...patterns);
  }

  unexpected(): string[] {
    return this.heard.filter((text) => !this.expected.some((pattern) => pattern.test(text)));
  }
}
