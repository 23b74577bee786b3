// Builds the JavaScript of the page: the editor of the coding challenges, and the document that runs their code.
//
// assemble.mjs uses this for the released page. For other builds, trunk runs it as a hook: node extras.mjs
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** The folder with the npm packages. `cargo xtask` sets the variable. */
export const packages = process.env.FRAMESCOPE_PAGE_TOOLS;

/** Writes both into `dist`, and returns the element of index.html through which the page finds the editor. */
export async function writeExtras(root, dist) {
  const { build } = createRequire(path.join(packages, "package.json"))("esbuild");
  const source = (name) => path.join(root, "frontend/editor", name);
  const bundled = async (name, format) => {
    const { outputFiles } = await build({
      entryPoints: [source(name)],
      nodePaths: [path.join(packages, "node_modules")],
      bundle: true,
      write: false,
      format,
      target: "es2022",
      minify: true,
      legalComments: "none",
    });
    return outputFiles[0];
  };
  const editor = (await bundled("editor.mjs", "esm")).contents;
  const hash = createHash("sha256").update(editor).digest("hex").slice(0, 16);
  writeFileSync(path.join(dist, `editor-${hash}.js`), editor);

  const frame = (await bundled("frame.mjs", "iife")).text;
  writeFileSync(path.join(dist, "sandbox.html"), sandbox(frame, (await bundled("worker.mjs", "iife")).text));
  // Only the hash: a file that index.html names counts as part of the first view.
  return `<meta name=framescope-editor content=${hash}>`;
}

/** The place in the frame's script for the text of the worker. */
const MARKER = "globalThis.FRAMESCOPE_WORKER";

/** The document that runs a learner's code: HTML with the frame's script, which has the worker's text inside. */
function sandbox(frame, worker) {
  const parts = frame.split(MARKER);
  if (parts.length !== 2) throw new Error(`the bundle of frame.mjs has ${MARKER} ${parts.length - 1} times; it must have it once`);
  // In HTML, these would change where the script ends.
  if (/<!--|<script/i.test(frame)) throw new Error("the bundle of frame.mjs has <!-- or <script in it, which HTML interprets. Write it in two parts");
  const [before, behind] = parts.map((part) => part.replaceAll(/<\/(?=script)/gi, "<\\/"));
  const script = before + JSON.stringify(worker).replaceAll("<", "\\x3c") + behind;
  return `<!doctype html><html lang=en><meta charset=utf-8><title>Sandbox</title><script>${script}</script></html>`;
}

if (process.argv[1] === import.meta.filename) {
  const { TRUNK_SOURCE_DIR: root, TRUNK_STAGING_DIR: dist } = process.env;
  if (packages === undefined) {
    // The page then offers a plain text field.
    console.log("FRAMESCOPE_PAGE_TOOLS is not set, so the challenges have no editor and no sandbox. To have them: cargo xtask serve --dev");
  } else {
    const meta = await writeExtras(root, dist);
    const index = path.join(dist, "index.html");
    writeFileSync(index, readFileSync(index, "utf8").replace("</head>", `${meta}</head>`));
  }
}
