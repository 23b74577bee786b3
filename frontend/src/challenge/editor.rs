//! The reader's code and its editor: CodeMirror, or a plain text field if that fails to load.

use crate::site;
use js_sys::{Function, Promise, Reflect};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// The global variable of the editor's script (`frontend/editor/editor.mjs`).
const GLOBAL: &str = "framescopeEditor";
/// The longest code that is stored, in bytes.
const MAX_STORED: usize = 200_000;

const HOW_TO_LEAVE: &str = "Tab indents. To leave the editor by keyboard, press Esc and then Tab.";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Loading,
    Ready,
    Failed,
}

#[derive(Clone, Copy)]
pub struct Editor {
    pub code: RwSignal<String>,
    starter: StoredValue<String>,
    /// The storage key of the code.
    key: StoredValue<String>,
    state: RwSignal<State>,
    /// The reader's code, and the code that the page replaced it with.
    replaced: RwSignal<Option<(String, String)>>,
    mounted: StoredValue<Option<Mounted>, LocalStorage>,
}

/// The editor's object, and the callback that it calls.
struct Mounted {
    view: JsValue,
    _changed: Closure<dyn FnMut(String)>,
}

impl Editor {
    pub fn new(challenge: &str, starter: String) -> Self {
        let key = format!("framescope.code.{challenge}");
        let stored = storage().and_then(|storage| storage.get_item(&key).ok().flatten());
        Self {
            code: RwSignal::new(stored.unwrap_or_else(|| starter.clone())),
            starter: StoredValue::new(starter),
            key: StoredValue::new(key),
            state: RwSignal::new(State::Loading),
            replaced: RwSignal::new(None),
            mounted: StoredValue::new_local(None),
        }
    }

    /// Replaces the code. The reader can restore the earlier code.
    pub fn replace(self, code: &str) {
        let before = self.code.get_untracked();
        if before != code {
            self.put(code);
            self.replaced.set(Some((before, code.to_owned())));
        }
    }

    pub fn reset(self) {
        self.replace(&self.starter.get_value());
    }

    /// Whether the editor still has the unchanged code that the page put there.
    pub fn can_restore(self) -> bool {
        self.replaced.with(|replaced| replaced.as_ref().is_some_and(|(_, put)| self.code.with(|code| code == put)))
    }

    pub fn restore(self) {
        if let Some((before, _)) = self.replaced.get_untracked() {
            self.replaced.set(None);
            self.put(&before);
        }
    }

    pub fn is_starter(self) -> bool {
        self.starter.with_value(|starter| self.code.with(|code| code == starter))
    }

    /// Marks the line where a run failed; `None` removes the mark.
    pub fn mark(self, line: Option<u32>) {
        self.call("markLine", &line.unwrap_or(0).into());
    }

    fn put(self, code: &str) {
        self.changed(code.to_owned());
        self.call("replace", &JsValue::from_str(code));
    }

    fn changed(self, code: String) {
        if let Some(storage) = storage().filter(|_| code.len() <= MAX_STORED) {
            // If storage is full, the code stays only as long as the page is open.
            let _ = self.key.with_value(|key| storage.set_item(key, &code));
        }
        let _ = self.code.try_set(code);
    }

    fn call(self, method: &str, argument: &JsValue) {
        self.mounted.with_value(|mounted| {
            let Some(mounted) = mounted else { return };
            let function = Reflect::get(&mounted.view, &method.into()).and_then(|method| method.dyn_into::<Function>());
            if let Ok(function) = function {
                // The editor's functions throw nothing useful.
                let _ = function.call1(&mounted.view, argument);
            }
        });
    }

    async fn mount(self, place: NodeRef<html::Div>) {
        let loaded = load().await;
        let Some(element) = place.try_get_untracked().flatten() else { return };
        let mounted = loaded.ok().and_then(|()| self.mount_in(&element));
        let state = if mounted.is_some() { State::Ready } else { State::Failed };
        if self.mounted.try_set_value(mounted).is_none() {
            let _ = self.state.try_set(state);
        }
    }

    fn mount_in(self, element: &web_sys::HtmlElement) -> Option<Mounted> {
        let changed = Closure::<dyn FnMut(String)>::new(move |code| self.changed(code));
        let editor = Reflect::get(&window(), &GLOBAL.into()).ok()?;
        let mount: Function = Reflect::get(&editor, &"mount".into()).ok()?.dyn_into().ok()?;
        let arguments = js_sys::Array::of5(
            element,
            &self.code.get_untracked().into(),
            &"Your code".into(),
            &HOW_TO_LEAVE.into(),
            changed.as_ref(),
        );
        let view = mount.apply(&editor, &arguments).ok()?;
        Some(Mounted { view, _changed: changed })
    }
}

/// Loads the editor's script if it is not loaded yet.
async fn load() -> Result<(), JsValue> {
    if Reflect::has(&window(), &GLOBAL.into())? {
        return Ok(());
    }
    let hash = site::meta("framescope-editor").ok_or("this page was built without the editor")?;
    let script = document().create_element("script")?;
    script.set_attribute("type", "module")?;
    script.set_attribute("src", &site::path(&format!("/editor-{hash}.js")))?;
    let loaded = Promise::new(&mut |resolve, reject| {
        for (event, then) in [("load", resolve), ("error", reject)] {
            // This cannot fail on a new element.
            let _ = script.add_event_listener_with_callback(event, &then);
        }
    });
    document().head().ok_or("a page without a head")?.append_child(&script)?;
    JsFuture::from(loaded).await.map(drop)
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

#[component]
pub fn EditorView() -> impl IntoView {
    let editor = expect_context::<Editor>();
    let place = NodeRef::<html::Div>::new();
    spawn_local(editor.mount(place));
    on_cleanup(move || {
        editor.call("destroy", &JsValue::UNDEFINED);
        let _ = editor.mounted.try_set_value(None);
    });
    let failed = move || editor.state.get() == State::Failed;
    view! {
        <div class="code-editor" hidden=failed node_ref=place></div>
        <Show when=failed>
            <textarea
                class="code-editor plain"
                aria-label="Your code"
                spellcheck="false"
                autocapitalize="off"
                prop:value=editor.code
                on:input=move |event| editor.changed(event_target_value(&event))
            ></textarea>
        </Show>
        <p class="note" role="status">
            {move || match editor.state.get() {
                State::Loading => "Loading the editor…",
                State::Ready => HOW_TO_LEAVE,
                State::Failed => "The editor failed to load, so this is a plain text field. Reload the page to try again. Your code stays.",
            }}
        </p>
    }
}
