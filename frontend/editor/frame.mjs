// The script of the sandbox's document: it stands between the page and the worker that has the reader's code. The frame has an
// opaque origin, so neither can reach anything of the page; all that passes is data.

/** The text of worker.mjs; the build puts it here. */
const WORKER = globalThis.FRAMESCOPE_WORKER;

addEventListener("message", (event) => {
  if (event.source !== parent) return;
  const worker = new Worker(URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" })));
  const { port1, port2 } = new MessageChannel();
  // The page is of the origin that this document came from, though it does not have it.
  port1.onmessage = ({ data }) => parent.postMessage(data, location.origin);
  worker.onerror = (event) => {
    event.preventDefault();
    parent.postMessage(JSON.stringify([{ threw: { text: String(event.message || "The code did not run."), line: null } }, { ended: "threw" }]), location.origin);
  };
  worker.postMessage(event.data, [port2]);
}, { once: true });

parent.postMessage("ready", location.origin);
