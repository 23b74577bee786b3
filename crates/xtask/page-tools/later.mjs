// Loads the parts of the page that are not in its first view. The released page's script includes this file.

/** A promise for each module, by address. */
const modules = new Map();

/** Loads a module, which is beside the page's script, once. If that fails, the next call tries again. */
function load(address, imports) {
  if (!modules.has(address)) {
    const module = WebAssembly.instantiateStreaming(fetch(new URL("." + address, import.meta.url)), imports);
    modules.set(address, module);
    module.catch(() => modules.delete(address));
  }
  return modules.get(address);
}

/**
 * Returns the function that the first view calls to load a part, whose modules are at `addresses`. It passes a callback, as an
 * index into the function table, and an argument for it. `first` returns the exports of the first view's module.
 */
export function loader(first, addresses) {
  return async (callback, argument) => {
    const exports = first();
    // The merged module has its imports under the second name.
    const imports = { __wasm_split: exports, first_view: exports };
    let success = true;
    try {
      await Promise.all(addresses.map((address) => load(address, imports)));
    } catch (error) {
      console.error(error);
      success = false;
    }
    exports.__indirect_function_table.get(callback)(argument, success);
  };
}
