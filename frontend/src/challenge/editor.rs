//! The reader's code, and the editor that it stands in: CodeMirror, or a plain field where that does not come.

use crate::ui::late_style::named;
use js_sys::{Function, Promise, Reflect};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// The name under which the editor's script says what it can (`frontend/editor/editor.mjs`).
const GLOBAL: &str = "framescopeEditor";
/// The longest code that is kept, in bytes.
const MAX_KEPT: usize = 200_000;

const HOW_TO_LEAVE: &str = "Tab indents. To leave the editor by keyboard, press Esc and then Tab.";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Coming,
    Here,
    Missing,
}

#[derive(Clone, Copy)]
pub struct Editor {
    pub code: RwSignal<String>,
    starter: StoredValue<String>,
    /// Where the browser keeps it.
    key: StoredValue<String>,
    state: RwSignal<State>,
    /// What the reader had written, and what the page has put in its place.
    replaced: RwSignal<Option<(String, String)>>,
    mounted: StoredValue<Option<Mounted>, LocalStorage>,
}

/// What the editor's script gave, and what it calls.
struct Mounted {
    view: JsValue,
    _changed: Closure<dyn FnMut(String)>,
}

impl Editor {
    pub fn new(challenge: &str, starter: String) -> Self {
        let key = format!("framescope.code.{challenge}");
        let kept = storage().and_then(|storage| storage.get_item(&key).ok().flatten());
        Self {
            code: RwSignal::new(kept.unwrap_or_else(|| starter.clone())),
            starter: StoredValue::new(starter),
            key: StoredValue::new(key),
            state: RwSignal::new(State::Coming),
            replaced: RwSignal::new(None),
            mounted: StoredValue::new_local(None),
        }
    }

    /// Puts other code in. What was there can be brought back.
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

    /// Whether what the page has put in stands there as it came.
    pub fn can_bring_back(self) -> bool {
        self.replaced.with(|replaced| replaced.as_ref().is_some_and(|(_, put)| self.code.with(|code| code == put)))
    }

    pub fn bring_back(self) {
        if let Some((before, _)) = self.replaced.get_untracked() {
            self.replaced.set(None);
            self.put(&before);
        }
    }

    pub fn is_starter(self) -> bool {
        self.starter.with_value(|starter| self.code.with(|code| code == starter))
    }

    /// Marks the line that a run failed at; `None` for none.
    pub fn mark(self, line: Option<u32>) {
        self.call("markLine", &line.unwrap_or(0).into());
    }

    fn put(self, code: &str) {
        self.changed(code.to_owned());
        self.call("replace", &JsValue::from_str(code));
    }

    fn changed(self, code: String) {
        if let Some(storage) = storage().filter(|_| code.len() <= MAX_KEPT) {
            // Without room it is there as long as the page is.
            let _ = self.key.with_value(|key| storage.set_item(key, &code));
        }
        let _ = self.code.try_set(code);
    }

    fn call(self, method: &str, argument: &JsValue) {
        self.mounted.with_value(|mounted| {
            let Some(mounted) = mounted else { return };
            let function = Reflect::get(&mounted.view, &method.into()).and_then(|method| method.dyn_into::<Function>());
            if let Ok(function) = function {
                // The editor's own functions throw nothing that could be of use here.
                let _ = function.call1(&mounted.view, argument);
            }
        });
    }

    async fn mount(self, place: NodeRef<html::Div>) {
        let loaded = load().await;
        let Some(element) = place.try_get_untracked().flatten() else { return };
        let mounted = loaded.ok().and_then(|()| self.mount_in(&element));
        let state = if mounted.is_some() { State::Here } else { State::Missing };
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

/// Has the editor's script loaded; once is enough.
async fn load() -> Result<(), JsValue> {
    if Reflect::has(&window(), &GLOBAL.into())? {
        return Ok(());
    }
    let hash = named("framescope-editor").ok_or("this page was built without it")?;
    let script = document().create_element("script")?;
    script.set_attribute("type", "module")?;
    script.set_attribute("src", &format!("/editor-{hash}.js"))?;
    let loaded = Promise::new(&mut |resolve, reject| {
        for (event, then) in [("load", resolve), ("error", reject)] {
            // On a new element it cannot fail.
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
    let missing = move || editor.state.get() == State::Missing;
    view! {
        <div class="code-editor" hidden=missing node_ref=place></div>
        <Show when=missing>
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
                State::Coming => "The editor is on its way…",
                State::Here => HOW_TO_LEAVE,
                State::Missing => "The editor did not come, so this is a plain field. Reload the page to try again; your code stays.",
            }}
        </p>
    }
}
