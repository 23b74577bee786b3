// Firefox as Debian ships it, driven over WebDriver BiDi.
import type { Browser } from "@playwright/test";

/** A command that Playwright sends for every new context, to set the color scheme. Firefox 153 does not know it. */
const UNKNOWN_TO_FIREFOX = "emulation.setMediaFeaturesOverride";

interface BidiSession {
  send(method: string, params: unknown): Promise<unknown>;
}

/** Playwright's own objects, which run in the same process. They are not public, and package.json pins their version. */
interface Internals {
  _connection: { toImpl(browser: Browser): { _browserSession: BidiSession } };
}

/** Answers the command that Firefox does not know, for all sessions of this process. No test sets the color scheme this way in Firefox. */
export function answerForFirefox(browser: Browser): void {
  const session = (browser as unknown as Internals)._connection.toImpl(browser)._browserSession;
  const sessions = Object.getPrototypeOf(session) as BidiSession;
  const send = sessions.send;
  sessions.send = function (this: BidiSession, method, params) {
    return method === UNKNOWN_TO_FIREFOX ? Promise.resolve({}) : send.call(this, method, params);
  };
}
