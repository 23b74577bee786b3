// Loads the parts of the page that are no part of its first view. The released page's script has it inside.

/**
 * Gives what makes the loader of one part. `first` gives the exports of the first view's module; `shared` says which of them
 * the other modules import, each by the name there and the name here.
 */
export function loader(first, shared) {
  const loaded = new Map();
  // By a string, as all here: the properties of the same names get short ones when the script is made.
  const table = new Map(shared).get("__indirect_function_table");

  /** Loads a module once; one that failed is tried again when it is next asked for. */
  function load(address, imports) {
    if (!loaded.has(address)) {
      const coming = WebAssembly.instantiateStreaming(fetch(address), imports);
      loaded.set(address, coming);
      coming.catch(() => loaded.delete(address));
    }
    return loaded.get(address);
  }

  // The first view calls this with a function of its own, by its place in the table, and what to hand to it.
  return (addresses) => async (callback, argument) => {
    const exports = first();
    const imports = Object.fromEntries(shared.map(([name, here]) => [name, exports[here]]));
    // The second is what assemble.mjs calls it where it merged several.
    const modules = addresses.map((address) => load(address, { __wasm_split: imports, first_view: imports }));
    let success = true;
    try {
      await Promise.all(modules);
    } catch (error) {
      console.error(error);
      success = false;
    }
    exports[table].get(callback)(argument, success);
  };
}
