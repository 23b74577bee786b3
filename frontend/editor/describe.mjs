// The texts of values in the console of the reader's code.

// Taken before the code runs: the code cannot reach or replace them.
const { stringify } = JSON;
const Native = WebSocket;

/** The text of a value, as the console prints it. */
export function describe(value, depth = 0) {
  if (typeof value === "string") return depth === 0 ? value : stringify(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === "function") return `function ${value.name || "(anonymous)"}`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "symbol" || value === null || typeof value !== "object") return String(value);
  if (value instanceof ArrayBuffer) return `ArrayBuffer(${value.byteLength}) ${hex(new Uint8Array(value))}`;
  if (ArrayBuffer.isView(value)) {
    return `${value.constructor.name}(${value.length ?? value.byteLength}) ${hex(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))}`;
  }
  if (value instanceof Blob) return `Blob(${value.size}, ${stringify(value.type)})`;
  if (value instanceof Native) return `WebSocket ${value.url} (${["CONNECTING", "OPEN", "CLOSING", "CLOSED"][value.readyState]})`;
  if (value instanceof Event) {
    const own = ["data", "code", "reason", "wasClean"].filter((name) => name in value);
    return `${value.constructor.name} { ${[`type: ${stringify(value.type)}`, ...own.map((name) => `${name}: ${describe(value[name], 1)}`)].join(", ")} }`;
  }
  if (depth > 3) return "…";
  if (Array.isArray(value)) {
    const more = value.length > 100 ? [`… ${value.length - 100} more`] : [];
    return `[${[...value.slice(0, 100).map((item) => describe(item, depth + 1)), ...more].join(", ")}]`;
  }
  const fields = Object.entries(value).slice(0, 50).map(([name, item]) => `${name}: ${describe(item, depth + 1)}`);
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

function hex(bytes) {
  const front = Array.from(bytes.subarray(0, 32), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return bytes.length > 32 ? `${front} …` : front;
}
