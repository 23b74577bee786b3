// The environment of the reader's code, in a separate worker. It watches WebSocket, timers and the console, and reports to the
// page. The code is a separate script, so that its line numbers match the editor's.
import { sha1 } from "@noble/hashes/legacy";
import { describe } from "./describe.mjs";

const MAX_LINES = 1000;
const MAX_LINE = 2000;
/** Characters of all lines. The page is slow with more. */
const MAX_PRINTED = 300_000;
const MAX_EVENTS = 5000;
/** How many new sockets are reported immediately. */
const MAX_IMMEDIATE = 200;
const MAX_RETURNED = 64 * 1024;
const MAX_READ = 32;
const MAX_IMAGE = 4 * 1024 * 1024;
const MAX_IMAGES = 16;
/** How long messages are batched, in milliseconds, and the size of a batch in characters. */
const BATCH_MS = 40;
const BATCH_SIZE = 32 * 1024;
/** How long everything must be idle before a run counts as done. Promises that a handler awaits settle within this time. */
const IDLE_MS = 60;

onmessage = ({ data: { setup, code }, ports: [port] }) => {
  onmessage = null;
  // Taken before the code runs: the code cannot reach or replace them.
  const post = port.postMessage.bind(port);
  const later = setTimeout.bind(globalThis);
  const now = performance.now.bind(performance);
  const { stringify } = JSON;
  delete globalThis.postMessage;

  // ---- Reports to the page, in batches so that a loop cannot flood it.
  let waiting = [];
  let waitingSize = 0;
  let lastPost = now();
  let timer = false;
  let ended = false;
  let immediate = 0;

  function flush() {
    timer = false;
    if (waiting.length === 0) return;
    post(`[${waiting.join(",")}]`);
    [waiting, waitingSize, lastPost] = [[], 0, now()];
  }

  function report(what) {
    if (ended) return;
    const text = stringify(what);
    waiting.push(text);
    waitingSize += text.length;
    // Timers do not fire during a loop, so this checks the time too.
    if (waitingSize > BATCH_SIZE || now() - lastPost > BATCH_MS * 4) flush();
    else if (!timer) {
      timer = true;
      later(flush, BATCH_MS);
    }
  }

  /** Reports immediately, so that the page knows of a socket before the relay does. Limited, because code may loop. */
  function reportNow(what) {
    report(what);
    if (++immediate <= MAX_IMMEDIATE) flush();
  }

  function end(how) {
    report({ ended: how });
    flush();
    ended = true;
  }

  // ---- The console.
  let lines = 0;
  let printed = 0;
  let unprinted = 0;
  let lastReported = 0;

  /** Whether one more line fits. Counts the lines that do not. */
  function hasRoom(text) {
    if (lines < MAX_LINES && printed < MAX_PRINTED) {
      lines += 1;
      printed += Math.min(text.length, MAX_LINE);
      return true;
    }
    unprinted += 1;
    if (unprinted === 1 || now() - lastReported > 250) {
      lastReported = now();
      report({ unprinted });
    }
    return false;
  }

  function print(level, text) {
    if (hasRoom(text)) report({ printed: { level, text: text.length > MAX_LINE ? `${text.slice(0, MAX_LINE - 1)}…` : text } });
  }

  function printer(level) {
    return (...values) => {
      let text;
      printing = true;
      try {
        text = values.map((value) => describe(value)).join(" ");
      } catch (error) {
        text = `(this value cannot be printed: ${error})`;
      } finally {
        printing = false;
      }
      print(level, text);
    };
  }
  Object.assign(console, {
    log: printer("log"),
    info: printer("log"),
    debug: printer("log"),
    warn: printer("warn"),
    error: printer("error"),
  });

  // ---- What the code reads. Printing a value is not reading it.
  const read = new Set();
  let printing = false;
  let looked = false;

  function noteReading(name) {
    if (printing || read.has(name) || read.size === MAX_READ) return;
    read.add(name);
    report({ read: name });
  }

  /** Watches who reads a property, and returns its getter. `note` gets the value. */
  function watchReading(prototype, property, note) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, property);
    const { get } = descriptor;
    const watched = function () {
      const value = get.call(this);
      note(value);
      return value;
    };
    Object.defineProperty(prototype, property, { ...descriptor, get: watched });
    return (of) => get.call(of);
  }

  // ---- Errors, with the line in the reader's code.
  function lineOf(error) {
    return Number(/challenge\.js:(\d+)/.exec(String(error?.stack ?? ""))?.[1]) || null;
  }

  let failed = false;

  /** Always reports the first error, because it says where the run failed. */
  function reportThrow(text, line) {
    const first = !failed;
    failed = true;
    if (first || hasRoom(text)) report({ threw: { text: text.slice(0, MAX_LINE), line } });
  }

  function threw(error) {
    let text;
    try {
      text = error instanceof Error ? `${error.name}: ${error.message}` : describe(error, 1);
    } catch {
      text = "a value that cannot be printed";
    }
    reportThrow(text, lineOf(error));
  }

  addEventListener("error", (event) => {
    event.preventDefault();
    const before = !started;
    const text = String(event.message).replace(/^Uncaught /, "");
    reportThrow(text, event.lineno || lineOf(event.error));
    // Code with a syntax error never starts.
    if (before) end("threw");
  });
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    threw(event.reason);
  });

  // ---- Timers.
  const timers = new Set();
  const intervals = new Set();
  const native = { setTimeout, clearTimeout, setInterval, clearInterval };
  const call = (handler, values) => {
    if (typeof handler === "function") handler(...values);
  };
  globalThis.setTimeout = (handler, delay, ...values) => {
    const id = native.setTimeout.call(globalThis, () => {
      timers.delete(id);
      try {
        call(handler, values);
      } finally {
        endWhenIdle();
      }
    }, delay);
    timers.add(id);
    return id;
  };
  globalThis.setInterval = (handler, delay, ...values) => {
    const id = native.setInterval.call(globalThis, () => call(handler, values), delay);
    intervals.add(id);
    return id;
  };
  globalThis.clearTimeout = globalThis.clearInterval = (id) => {
    timers.delete(id);
    intervals.delete(id);
    native.clearTimeout.call(globalThis, id);
    endWhenIdle();
  };

  // ---- WebSocket: the browser's own, watched.
  const Native = WebSocket;
  const send = Native.prototype.send;
  const close = Native.prototype.close;
  const listen = EventTarget.prototype.addEventListener;
  const buffered = watchReading(Native.prototype, "bufferedAmount", () => (looked = true));
  watchReading(Native.prototype, "readyState", (state) => noteReading(`readyState ${state}`));
  const dataOf = watchReading(MessageEvent.prototype, "data", () => noteReading("message.data"));
  const [codeOf, reasonOf, wasCleanOf] = ["code", "reason", "wasClean"].map((property) =>
    watchReading(CloseEvent.prototype, property, () => noteReading(`close.${property}`)),
  );
  const encoder = new TextEncoder();
  const byteLength = (text) => (text.length > 1e6 ? new Blob([text]).size : encoder.encode(text).length);
  let sockets = 0;
  let open = 0;
  let events = 0;
  let most = 0;
  let lookedFirst = 0;

  function act(socket, what) {
    events += 1;
    const reportAct = what.act === "constructed" ? reportNow : report;
    if (events <= MAX_EVENTS) reportAct({ act: { socket, at: performance.timeOrigin + now(), ...what } });
    else if (events === MAX_EVENTS + 1) report("unnoted");
  }

  function payload(data) {
    if (typeof data === "string") {
      return { kind: "text", bytes: byteLength(data), utf16_length: data.length, preview: Array.from(data.slice(0, 240)).slice(0, 120).join("") };
    }
    return { kind: "binary", bytes: data.size ?? data.byteLength ?? 0, utf16_length: 0, preview: "" };
  }

  listen.call(globalThis, "securitypolicyviolation", ({ blockedURI, effectiveDirective }) => {
    if (effectiveDirective !== "connect-src") return;
    print("warn", `The browser blocked ${blockedURI}: in this challenge, your code can connect only to the lab (lab.url).`);
  });

  const numbers = new WeakMap();
  class Watched extends Native {
    constructor(url, protocols) {
      super(...(protocols === undefined ? [url] : [url, protocols]));
      const number = ++sockets;
      numbers.set(this, number);
      open += 1;
      const names = protocols === undefined ? [] : [protocols].flat().map(String);
      act(number, { act: "constructed", url: this.url.slice(0, MAX_LINE), protocols: names });
      const on = (name, then) => listen.call(this, name, then);
      on("open", () => act(number, { act: "open", protocol: this.protocol, extensions: this.extensions }));
      on("message", (event) => act(number, { act: "received", ...payload(dataOf(event)) }));
      on("error", () => act(number, { act: "error" }));
      on("close", (event) => {
        act(number, { act: "closed", code: codeOf(event), reason: reasonOf(event), was_clean: wasCleanOf(event) });
        open -= 1;
        endWhenIdle();
      });
    }

    send(data) {
      send.call(this, data);
      const number = numbers.get(this);
      const sent = typeof data === "object" && data !== null ? data : String(data);
      act(number, { act: "sent", ...payload(sent) });
      if (looked && lookedFirst < MAX_EVENTS) report({ looked: ++lookedFirst });
      looked = false;
      const amount = buffered(this);
      if (amount > most) {
        most = amount;
        report({ buffered: most });
      }
    }

    close(...values) {
      close.apply(this, values);
      const [code, reason] = values;
      act(numbers.get(this), { act: "close-called", code: code === undefined ? null : Number(code), reason: String(reason ?? "") });
    }
  }
  Object.defineProperty(Watched, "name", { value: "WebSocket" });
  globalThis.WebSocket = Watched;

  // ---- The `lab` object of the code.
  let busy = 0;
  let images = 0;
  const lab = {
    url: setup.url,
    given: Object.freeze(setup.given),
    // crypto.subtle does not exist over plain http from another machine, and maybe not in a sandbox.
    sha1: (data) => sha1(typeof data === "string" ? encoder.encode(data) : new Uint8Array(data)),
    sleep: (ms) => new Promise((resolve) => globalThis.setTimeout(resolve, ms)),
    show: async (what) => {
      busy += 1;
      try {
        const bytes = what instanceof Blob ? await what.arrayBuffer() : what;
        const view = ArrayBuffer.isView(bytes)
          ? bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
          : bytes instanceof ArrayBuffer && bytes.slice(0);
        if (!view) throw new TypeError("lab.show takes a Blob, an ArrayBuffer or a typed array");
        if (view.byteLength > MAX_IMAGE) throw new RangeError("lab.show takes at most 4 MiB");
        if (++images > MAX_IMAGES) throw new RangeError(`lab.show takes at most ${MAX_IMAGES} images in a run`);
        flush();
        post(view);
      } finally {
        busy -= 1;
        endWhenIdle();
      }
    },
  };

  // ---- The run.
  let started = false;
  let settled = false;
  let waitingForIdle = false;

  /** Ends the run if nothing is left to wait for, and stays so for a while. */
  function endWhenIdle() {
    const idle = () => settled && !ended && open === 0 && busy === 0 && timers.size === 0 && intervals.size === 0;
    if (waitingForIdle || !idle()) return;
    waitingForIdle = true;
    later(() => {
      waitingForIdle = false;
      if (idle()) end(failed ? "threw" : "done");
    }, IDLE_MS);
  }

  function returned(value) {
    if (value === undefined) return;
    let text;
    try {
      text = stringify(value);
    } catch (error) {
      print("warn", `The return value is not JSON: ${error.message}`);
      return;
    }
    if (text === undefined) print("warn", `The return value is not JSON: ${describe(value)}`);
    else if (text.length > MAX_RETURNED) print("warn", `The return value is too long: ${text.length} characters of JSON. The limit is ${MAX_RETURNED}.`);
    else report({ returned: text });
  }

  const enter = `run${Array.from(crypto.getRandomValues(new Uint32Array(2)), (word) => word.toString(36)).join("")}`;
  globalThis[enter] = (main) => {
    started = true;
    delete globalThis[enter];
    Promise.resolve()
      .then(() => main(lab))
      .then(
        (value) => {
          returned(value);
          settled = true;
          endWhenIdle();
        },
        (error) => {
          threw(error);
          end("threw");
        },
      );
  };
  // The reader's code starts in the first line.
  const script = `${enter}(async (lab) => {${code}\n})\n//# sourceURL=challenge.js`;
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  // In a timer, so that an error of the script, such as a syntax error, becomes an event with its line.
  later(() => importScripts(address), 0);
};
