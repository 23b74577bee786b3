// The script of the sandbox's document. It passes messages between the page and the worker that runs the reader's code. The
// frame has an opaque origin, so neither can reach anything of the page.

/** The text of worker.mjs. The build inserts it. */
const WORKER = globalThis.FRAMESCOPE_WORKER;

addEventListener("message", (event) => {
  if (event.source !== parent) return;
  const worker = new Worker(URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" })));
  const { port1, port2 } = new MessageChannel();
  // The page has the origin that this document was loaded from; the document itself has an opaque one.
  port1.onmessage = ({ data }) => parent.postMessage(data, location.origin);
  worker.onerror = (event) => {
    event.preventDefault();
    parent.postMessage(JSON.stringify([{ threw: { text: String(event.message || "The code did not run."), line: null } }, { ended: "threw" }]), location.origin);
  };
  worker.postMessage(event.data, [port2]);
}, { once: true });

parent.postMessage("ready", location.origin);
