// The editor of the coding challenges: CodeMirror 6 behind four functions. The page loads it when the reader opens a challenge.
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { HighlightStyle, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorState, Prec, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  drawSelection,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** Uses the page's design tokens, so one theme works for light and dark. */
const theme = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--panel)", fontSize: "13px", height: "100%" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)", padding: "8px 0" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { color: "var(--muted)", backgroundColor: "var(--sunk)", border: "0" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--sel) 55%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "var(--sel)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--good-bg)", outline: "1px solid var(--in)" },
  ".cm-wrong": { backgroundColor: "var(--bad-bg)", boxShadow: "inset 3px 0 0 var(--bad)" },
});

const colors = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.self], color: "var(--mask)" },
  { tag: [tags.string, tags.regexp, tags.special(tags.string)], color: "var(--in)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--fin)" },
  { tag: [tags.comment], color: "var(--muted)", fontStyle: "italic" },
  { tag: [tags.className, tags.typeName], color: "var(--len)" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: "var(--opc)" },
]);

/** The line where a run failed, until the text changes. */
const failedAt = StateEffect.define();
const failedLine = StateField.define({
  create: () => Decoration.none,
  update(lines, transaction) {
    const effect = transaction.effects.find((effect) => effect.is(failedAt));
    if (effect === undefined) return transaction.docChanged ? Decoration.none : lines;
    if (effect.value < 1) return Decoration.none;
    const line = transaction.state.doc.line(Math.min(effect.value, transaction.state.doc.lines));
    return Decoration.set([Decoration.line({ class: "cm-wrong" }).range(line.from)]);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Replaces a selection with typed text. The browser would add a `style` to it, which the page's policy forbids. */
function typeOverSelection(event, view) {
  if (event.inputType !== "insertText" || event.data === null || event.isComposing || view.state.selection.main.empty) return false;
  view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
  event.preventDefault();
  return true;
}

/**
 * Draws an editor inside `parent`. CodeMirror creates its styles by script. In a shadow root it uses adopted style sheets;
 * elsewhere it would add a `<style>`, which the page's policy forbids.
 */
function mount(parent, text, label, describedBy, changed) {
  const root = parent.shadowRoot ?? parent.attachShadow({ mode: "open" });
  const frame = document.createElement("div");
  frame.style.height = "100%";
  // An id outside of the shadow root cannot be referenced.
  const note = Object.assign(document.createElement("div"), { id: "note", hidden: true, textContent: describedBy });
  root.replaceChildren(frame, note);
  const extensions = [
    lineNumbers(),
    history(),
    drawSelection(),
    indentUnit.of("  "),
    indentOnInput(),
    bracketMatching(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    failedLine,
    javascript(),
    syntaxHighlighting(colors),
    theme,
    // The page runs the code at this key. Without this, the editor would insert a line.
    Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => true }])),
    // CodeMirror already lets Esc and then Tab leave the editor.
    keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
    EditorView.domEventHandlers({ beforeinput: typeOverSelection }),
    EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": "note", spellcheck: "false", tabindex: "0" }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) changed(update.state.doc.toString());
    }),
  ];
  const view = new EditorView({ state: EditorState.create({ doc: text, extensions }), parent: frame, root });
  return {
    replace: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    markLine: (line) => view.dispatch({ effects: failedAt.of(line) }),
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}

globalThis.framescopeEditor = { mount };
