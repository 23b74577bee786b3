// What the browser complains about. A page in good order gives it no cause.
import type { BrowserContext, ConsoleMessage, Page } from "@playwright/test";

/** What a browser logs for a WebSocket that failed: Chromium in one sentence, Firefox in one of two. No page can prevent it. */
export const SOCKET_FAILED =
  /^(WebSocket connection to '\S+' failed|Firefox can’t establish a connection to the server at |The connection to \S+ was interrupted while the page was loading\.)/;

/** What Chromium logs for a request that got no answer, or one of 4xx or 5xx. Firefox logs nothing that a driver is told. */
export const REQUEST_FAILED = /^Failed to load resource/;

/** Calls `hear` with each line that the page's console shows about a WebSocket that failed, until the returned function is called. */
export function onSocketFailure(page: Page, hear: (line: string) => void): () => void {
  const listen = (line: string) => SOCKET_FAILED.test(line) && hear(line);
  const onMessage = (message: ConsoleMessage) => listen(message.text());
  // Firefox reports it as an error of the page.
  const onError = (error: Error) => listen(error.message);
  page.on("console", onMessage).on("pageerror", onError);
  return () => void page.off("console", onMessage).off("pageerror", onError);
}

export class Complaints {
  private readonly heard: string[] = [];
  private readonly expected: RegExp[] = [];

  /** Listens to all pages of `context`, from now on. */
  async listen(context: BrowserContext): Promise<void> {
    context.on("console", (message) => {
      if (message.type() === "error") this.heard.push(message.text());
    });
    context.on("weberror", (error) => {
      const { message } = error.error();
      this.heard.push(SOCKET_FAILED.test(message) ? message : `uncaught: ${message}`);
    });
    context.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      const held = protocol === "blob:" || protocol === "data:" || protocol === "about:";
      // Firefox reports the opening handshake of a WebSocket as a request, and a WebSocket may go anywhere.
      if (request.headers()["sec-websocket-version"] !== undefined) return;
      // A navigation has no frame yet.
      if (held || request.isNavigationRequest() || request.serviceWorker() !== null) return;
      // Firefox loads a new page's style sheet while the frame still has the URL from before, or none in a frame within a page.
      if (["about:blank", ""].includes(request.frame().url())) return;
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

/** What this browser's console shows when a host does not exist. Playwright is not told of a worker's console, so the page itself connects. */
export async function lineOfNoSuchHost(page: Page): Promise<string> {
  const line = new Promise<string>((hear) => onSocketFailure(page, hear));
  await page.evaluate(() => void new WebSocket("ws://this-site-does-not-exist.invalid"));
  return line;
}
