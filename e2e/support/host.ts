// A site of somebody else, on another origin, whose pages have a frame with a piece of Framescope.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import type { FrameLocator, Page } from "@playwright/test";

/** What its page heard from the frame. */
interface Heard {
  type: string;
  height: number;
  origin: string;
}

export class HostSite {
  private constructor(private readonly server: Server) {}

  static async start(): Promise<HostSite> {
    const server = createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? "/", "http://localhost");
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(page(searchParams.get("src") ?? "about:blank", searchParams.get("sandbox") ?? ""));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new HostSite(server);
  }

  /** Another site than the relay's: the relay of a test is at 127.0.0.1. */
  get origin(): string {
    return `http://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  /** Opens a page of this site with a frame that shows `src`. Returns the frame, once it has loaded something. */
  async show(browserPage: Page, src: string, sandbox: string): Promise<FrameLocator> {
    await browserPage.goto(`${this.origin}/?${new URLSearchParams({ src, sandbox })}`);
    await browserPage.waitForFunction(() => document.body.dataset.loaded === "yes");
    return browserPage.frameLocator("iframe");
  }
}

/** The messages so far from the frame. */
export function heard(page: Page): Promise<Heard[]> {
  return page.evaluate(() => (globalThis as unknown as { heard: Heard[] }).heard);
}

function page(src: string, sandbox: string): string {
  const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>A course elsewhere</title>
<link rel="icon" href="data:,">
<style>body { margin: 24px auto; max-width: 860px; font: 16px sans-serif } iframe { width: 100%; border: 0 }</style>
<h1>A course elsewhere</h1><p>A text. <button id="before">Before</button></p>
<script>
  globalThis.heard = [];
  addEventListener("message", ({ data, origin, source }) => {
    const frame = document.querySelector("iframe");
    if (source !== frame.contentWindow) return;
    heard.push({ ...data, origin });
    if (data.type === "framescope.height") frame.height = data.height;
  });
</script>
<iframe src="${escaped(src)}" sandbox="${escaped(sandbox)}" title="A piece" height="300" onload="document.body.dataset.loaded = 'yes'"></iframe>
<p><button id="after">After</button></p></html>`;
}
