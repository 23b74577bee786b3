// The script of the sandbox's document. It passes messages between the page and the worker that runs the reader's code. The
// frame has an opaque origin, so neither can reach anything of the page.

/** The text of worker.mjs. The build inserts it. */
const WORKER = globalThis.FRAMESCOPE_WORKER;

// The page has the origin that this document was loaded from; the document itself has an opaque one. An embedded page can have an
// opaque origin too, which no message can name. Only the page that sent the code can be the parent.
const page = location.hash === "#opaque" ? "*" : location.origin;

addEventListener("message", (event) => {
  if (event.source !== parent) return;
  const worker = new Worker(URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" })));
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => parent.postMessage(data, page);
  worker.onerror = (event) => {
    event.preventDefault();
    parent.postMessage(JSON.stringify([{ threw: { text: String(event.message || "The code did not run."), line: null } }, { ended: "threw" }]), page);
  };
  worker.postMessage(event.data, [port2]);
}, { once: true });

parent.postMessage("ready", page);
