//! The composer: what to send, judged before it goes, with the first bytes it will have on the wire.

use super::connect_form::ConnectForm;
use super::console::Console;
use super::next_messages::{NextMessages, Planned};
use crate::lab::Lab;
use crate::lab::draft;
use crate::lab::store::ReadyState;
use crate::net::lab_socket::Payload;
use crate::ui::format;
use crate::ui::later::{Later, later};
use crate::ui::tabs::Tabs;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wire::opcode::Opcode;

/// The largest file the page will hold, in bytes.
const MAX_FILE: u64 = 64 << 20;

/// From about here on browsers cut a message into fragments, in bytes. Chromium does at 128 KiB.
const LARGE: usize = 64 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Bytes,
    File,
    Close,
    /// The other side speaks.
    Relay,
}

/// In the order of the tabs.
const KINDS: [Kind; 5] = [Kind::Text, Kind::Bytes, Kind::File, Kind::Close, Kind::Relay];

later!(console: fn() -> AnyView = || view! { <Console/> }.into_any());

/// What stands in the composer; it stays while the kinds are switched.
#[derive(Clone, Copy)]
struct Drafts {
    text: RwSignal<String>,
    hex: RwSignal<String>,
    file: RwSignal<FileDraft, LocalStorage>,
    code: RwSignal<String>,
    reason: RwSignal<String>,
}

#[derive(Clone, Default)]
enum FileDraft {
    #[default]
    None,
    Reading(String),
    Ready {
        name: String,
        bytes: Rc<[u8]>,
    },
    Unreadable(String),
}

/// What is about to be sent.
enum Outgoing {
    Message(Payload, Option<String>),
    Close(Option<u16>, String),
}

impl Drafts {
    fn new(text: RwSignal<String>) -> Self {
        Self {
            text,
            hex: RwSignal::new("48 65 6c 6c 6f".into()),
            file: RwSignal::new_local(FileDraft::None),
            code: RwSignal::new("1000".into()),
            reason: RwSignal::new(String::new()),
        }
    }

    /// What would go out now, or why it cannot.
    fn outgoing(self, kind: Kind) -> Result<Outgoing, String> {
        match kind {
            Kind::Text => Ok(Outgoing::Message(Payload::Text(self.text.get().into()), None)),
            Kind::Bytes => Ok(Outgoing::Message(Payload::Binary(draft::hex(&self.hex.get())?.into()), None)),
            Kind::File => match self.file.get() {
                FileDraft::Ready { name, bytes } => Ok(Outgoing::Message(Payload::Binary(bytes), Some(name))),
                FileDraft::None => Err("Choose a file first: an image will be shown again when it comes back.".into()),
                FileDraft::Reading(name) => Err(format!("Reading {name}…")),
                FileDraft::Unreadable(why) => Err(why),
            },
            Kind::Close => {
                let code = draft::close_code(&self.code.get())?;
                let reason = self.reason.get();
                draft::close_reason(&reason, code)?;
                Ok(Outgoing::Close(code, reason))
            }
            // The console has a draft of its own.
            Kind::Relay => Err(String::new()),
        }
    }
}

#[component]
pub fn Composer() -> impl IntoView {
    let chosen = RwSignal::new(0);
    let kind = Memo::new(move |_| KINDS[chosen.get()]);
    let relay = move || kind.get() == Kind::Relay;
    // Once it has been opened it stays, with what was written into it.
    let opened = Memo::new(move |was| was == Some(&true) || relay());
    view! {
        <section class="composer" class:relay=relay aria-label="Send">
            <Tabs label="What to send" id="kind" tabs=&["Text", "Bytes", "File", "Close", "Relay sends…"] chosen/>
            <div id="kind-panel" role="tabpanel" aria-label="What to send">
                <Draft kind/>
                <Show when=move || opened.get()>
                    <RelaySide hidden=Signal::derive(move || !relay())/>
                </Show>
            </div>
        </section>
    }
}

/// The other end of the line, whose code is fetched when it is first wanted.
#[component]
fn RelaySide(hidden: Signal<bool>) -> impl IntoView {
    let console = Later::now(console);
    view! { <div hidden=hidden>{move || console.draw(|draw| draw())}</div> }
}

#[component]
fn Draft(kind: Memo<Kind>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let planned = expect_context::<Planned>();
    let drafts = Drafts::new(planned.text);
    // What the browser said to the last try.
    let refused = RwSignal::new(None::<String>);
    let form = expect_context::<ConnectForm>();
    let socket = Memo::new(move |_| {
        lab.socket.with(|socket| Some(socket.as_ref().filter(|socket| socket.ready == ReadyState::Open)?.compresses))
    });
    let open = move || socket.get().is_some();
    let compresses = move || socket.get().unwrap_or_else(|| form.compresses(lab));
    let send = move || {
        let Ok(outgoing) = untrack(|| drafts.outgoing(kind.get())) else { return };
        let outcome = match outgoing {
            Outgoing::Message(payload, name) => lab.send(payload, name.as_deref()),
            Outgoing::Close(code, reason) => lab.close(code, &reason),
        };
        if outcome.is_ok() && kind.get_untracked() == Kind::Text {
            planned.advance();
        }
        refused.set(outcome.err());
    };
    let can_send = move || open() && drafts.outgoing(kind.get()).is_ok();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if can_send() {
            send();
        }
    };
    view! {
        <form class="drafting" on:submit=submit novalidate hidden=move || kind.get() == Kind::Relay>
            <div class="draft">
                {move || match kind.get() {
                    Kind::Text => view! { <TextField text=drafts.text/> }.into_any(),
                    Kind::Bytes => view! { <HexField hex=drafts.hex/> }.into_any(),
                    Kind::File => view! { <FileField file=drafts.file/> }.into_any(),
                    Kind::Close => view! { <CloseFields code=drafts.code reason=drafts.reason/> }.into_any(),
                    Kind::Relay => ().into_any(),
                }}
            </div>
            <button type="submit" class="primary" aria-disabled=move || (!can_send()).to_string()>
                {move || if kind.get() == Kind::Close { "Close" } else { "Send" }}
            </button>
            <NextMessages/>
            <p id="draft-note" class="preview" aria-live="polite">
                {move || match (refused.get(), drafts.outgoing(kind.get())) {
                    (Some(said), _) => view! { <span class="error">{said}</span> }.into_any(),
                    (None, Err(said)) => {
                        let waits = kind.get() == Kind::File;
                        view! { <span class:error=!waits>{said}</span> }.into_any()
                    }
                    (None, Ok(outgoing)) => {
                        let limit = lab.hello.get().map(|hello| hello.max_frame.min(hello.max_message));
                        view! { <Preview outgoing open=open() compresses=compresses() limit/> }.into_any()
                    }
                }}
            </p>
        </form>
    }
}

#[component]
fn Preview(
    outgoing: Outgoing,
    open: bool,
    /// Whether messages are compressed. How long one becomes cannot be foretold: that is the browser’s work.
    compresses: bool,
    /// The relay's, in bytes, if it is known.
    limit: Option<u64>,
) -> impl IntoView {
    let (opcode, bytes) = match &outgoing {
        Outgoing::Message(Payload::Text(text), _) => (Opcode::Text, text.len()),
        Outgoing::Message(Payload::Binary(bytes), _) => (Opcode::Binary, bytes.len()),
        Outgoing::Close(code, reason) => (Opcode::Close, code.map_or(0, |_| 2 + reason.len())),
    };
    let over = limit.filter(|&limit| bytes as u64 > limit);
    let compressed = compresses && opcode != Opcode::Close;
    let size = format::bytes(bytes as u64);
    view! {
        {if open { "On the wire: header " } else { "When connected, on the wire: header " }}
        {if compressed {
            view! { <code>{draft::compressed_preview(opcode)}</code> {format!(" and its length, a key of 4 bytes, {size} deflated")} }
                .into_any()
        } else {
            view! { <code>{draft::preview(opcode, bytes)}</code> {format!(", a key of 4 bytes, {size}")} }.into_any()
        }}
        {(bytes > LARGE).then_some(". The browser may split it into fragments, each with a header and key of its own")}
        {over
            .map(|limit| {
                format!(". Through the relay’s limit of {}: it will close with 1009, message too big.", format::bytes(limit))
            })}
    }
}

#[component]
fn TextField(text: RwSignal<String>) -> impl IntoView {
    let on_key = move |event: web_sys::KeyboardEvent| {
        // Enter sends, as in a chat; Shift and Enter makes a line.
        if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
            event.prevent_default();
            let field = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlTextAreaElement>().ok());
            if let Some(form) = field.and_then(|field| field.form()) {
                // A form whose button is disabled refuses, which is what is wanted.
                let _ = form.request_submit();
            }
        }
    };
    view! {
        <label class="hidden" for="draft-text">
            "Text message"
        </label>
        <textarea
            id="draft-text"
            rows="1"
            spellcheck="false"
            autocomplete="off"
            prop:value=text
            on:input=move |event| text.set(event_target_value(&event))
            on:keydown=on_key
            aria-describedby="draft-note"
        ></textarea>
    }
}

#[component]
fn HexField(hex: RwSignal<String>) -> impl IntoView {
    view! {
        <label class="hidden" for="draft-hex">
            "Bytes in hex"
        </label>
        <input
            id="draft-hex"
            type="text"
            class="mono"
            autocomplete="off"
            spellcheck="false"
            placeholder="48 65 6c 6c 6f"
            prop:value=hex
            on:input=move |event| hex.set(event_target_value(&event))
            aria-invalid=move || draft::hex(&hex.get()).is_err().then_some("true")
            aria-describedby="draft-note"
        />
    }
}

#[component]
fn FileField(file: RwSignal<FileDraft, LocalStorage>) -> impl IntoView {
    let choose = move |event: web_sys::Event| {
        let input = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        if let Some(chosen) = input.and_then(|input| input.files()).and_then(|files| files.get(0)) {
            read(chosen, file);
        }
    };
    let drop_in = move |event: web_sys::DragEvent| {
        event.prevent_default();
        if let Some(dropped) = event.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0)) {
            read(dropped, file);
        }
    };
    let words = move || match file.get() {
        FileDraft::Ready { name, bytes } => format!("{name}, {}", format::bytes(bytes.len() as u64)),
        FileDraft::Reading(name) => format!("{name}…"),
        FileDraft::None | FileDraft::Unreadable(_) => "Choose a file or drop one here".into(),
    };
    view! {
        <label class="drop" on:dragover=move |event| event.prevent_default() on:drop=drop_in>
            <input type="file" class="hidden" on:change=choose aria-describedby="draft-note"/>
            <span>{words}</span>
        </label>
    }
}

fn read(chosen: web_sys::File, file: RwSignal<FileDraft, LocalStorage>) {
    let name = chosen.name();
    if chosen.size() > MAX_FILE as f64 {
        let limit = format::size(MAX_FILE);
        file.set(FileDraft::Unreadable(format!(
            "{name} is larger than this page holds ({limit}): choose a smaller one."
        )));
        return;
    }
    file.set(FileDraft::Reading(name.clone()));
    spawn_local(async move {
        let read = wasm_bindgen_futures::JsFuture::from(chosen.array_buffer()).await;
        let draft = match read {
            Ok(buffer) => FileDraft::Ready { name, bytes: js_sys::Uint8Array::new(&buffer).to_vec().into() },
            Err(_) => FileDraft::Unreadable(format!("{name} could not be read: choose it again.")),
        };
        // The page may have been left meanwhile.
        let _ = file.try_set(draft);
    });
}

#[component]
fn CloseFields(code: RwSignal<String>, reason: RwSignal<String>) -> impl IntoView {
    view! {
        <label class="inline" for="draft-code">
            "Code"
        </label>
        <input
            id="draft-code"
            type="text"
            class="mono code"
            inputmode="numeric"
            autocomplete="off"
            prop:value=code
            on:input=move |event| code.set(event_target_value(&event))
            aria-invalid=move || draft::close_code(&code.get()).is_err().then_some("true")
            aria-describedby="draft-note"
        />
        <label class="inline" for="draft-reason">
            "Reason"
        </label>
        <input
            id="draft-reason"
            type="text"
            autocomplete="off"
            placeholder="none"
            prop:value=reason
            on:input=move |event| reason.set(event_target_value(&event))
            aria-invalid=move || {
                let code = draft::close_code(&code.get()).ok().flatten();
                draft::close_reason(&reason.get(), code).is_err().then_some("true")
            }
            aria-describedby="draft-note"
        />
    }
}
