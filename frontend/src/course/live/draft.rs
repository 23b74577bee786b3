//! The editable plan of a run.

use super::meaning::Meaning;
use crate::address::route::page_is_secure;
use crate::lab::draft::hex;
use crate::site;
use crate::ui::format;
use crate::ui::icon::{CLOSE, Icon};
use curriculum::course::{Run, Scheme, Send};
use leptos::prelude::*;

/// The most messages of a run.
const MAX_MESSAGES: usize = 16;

/// One run, as edited in the fields.
#[derive(Clone, Copy)]
pub(super) struct RunDraft {
    original: StoredValue<Run>,
    secure: RwSignal<bool>,
    via: RwSignal<String>,
    query: RwSignal<String>,
    messages: RwSignal<Vec<Message>>,
    /// The number of the last message.
    last: StoredValue<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Message {
    number: u32,
    /// Whether the text is bytes in hex.
    binary: bool,
    text: RwSignal<String>,
}

impl RunDraft {
    pub(super) fn new(original: Run) -> Self {
        let draft = Self {
            original: StoredValue::new(original),
            secure: RwSignal::new(false),
            via: RwSignal::new(String::new()),
            query: RwSignal::new(String::new()),
            messages: RwSignal::new(Vec::new()),
            last: StoredValue::new(0),
        };
        draft.reset();
        draft
    }

    pub(super) fn reset(&self) {
        let original = self.original.get_value();
        self.secure.set(is_secure(original.scheme));
        self.via.set(original.via.unwrap_or_default());
        self.query.set(original.query);
        self.messages.set(Vec::new());
        for send in original.send {
            match send {
                Send::Text(text) => self.add(false, text),
                Send::Bytes(text) => self.add(true, text),
            }
        }
    }

    fn add(&self, binary: bool, text: String) {
        let number = self.last.try_update_value(|last| {
            *last += 1;
            *last
        });
        let message = Message { number: number.unwrap_or_default(), binary, text: RwSignal::new(text) };
        self.messages.update(|messages| messages.push(message));
    }

    fn edited(&self) -> Run {
        let original = self.original.get_value();
        let message = |message: &Message| {
            let text = message.text.get();
            if message.binary { Send::Bytes(text) } else { Send::Text(text) }
        };
        let secure = self.secure.get();
        let scheme = if secure == is_secure(original.scheme) { original.scheme } else { scheme(secure) };
        let via = original.via.as_ref().and(Some(self.via.get().trim().to_owned())).filter(|via| !via.is_empty());
        let send = self.messages.with(|messages| messages.iter().map(message).collect());
        Run { scheme, via, query: self.query.get().trim().trim_start_matches('?').to_owned(), send, ..original }
    }

    pub(super) fn is_changed(&self) -> bool {
        self.original.with_value(|original| *original != self.edited())
    }

    /// The run that the fields describe.
    ///
    /// # Errors
    /// Which message cannot be sent, and why.
    pub(super) fn run(&self) -> Result<Run, String> {
        let run = untrack(|| self.edited());
        for (index, send) in run.send.iter().enumerate() {
            if let Send::Bytes(text) = send {
                hex(text).map_err(|why| format!("Message {}: {why}", index + 1))?;
            }
        }
        Ok(run)
    }
}

fn is_secure(scheme: Scheme) -> bool {
    match scheme {
        Scheme::Page => page_is_secure(),
        Scheme::Ws => false,
        Scheme::Wss => true,
    }
}

fn scheme(secure: bool) -> Scheme {
    if secure { Scheme::Wss } else { Scheme::Ws }
}

#[component]
pub(super) fn Plan(
    draft: RunDraft,
    /// Whether only the messages are shown.
    simple: bool,
    /// The number of the run, if there are several.
    number: Option<usize>,
) -> impl IntoView {
    let original = draft.original.get_value();
    let label = |words: &str| label(words, number);
    let protocols =
        (!original.subprotocols.is_empty()).then(|| format!("subprotocols: {}", original.subprotocols.join(", ")));
    let close = original.close.as_ref().map(|close| {
        let code = close.code.map_or("no code".into(), |code| code.to_string());
        let reason =
            if close.reason.is_empty() { String::new() } else { format!(", {}", format::quoted(&close.reason, 60)) };
        format!("then closes with {code}{reason}")
    });
    let apart = (original.apart_ms > 0 && original.send.len() > 1)
        .then(|| format!("{} ms apart", format::count(original.apart_ms.into())));
    let numbered = move || draft.messages.get().into_iter().enumerate().collect::<Vec<_>>();
    let field = move |(index, message): (usize, Message)| view! { <MessageField draft message index/> };
    view! {
        <div class="plan" role="group" aria-label=label("Plan")>
            {original.title.clone().map(|title| view! { <p class="sub">{title}</p> })}
            {(!simple).then(|| view! { <Address draft number/> })}
            {protocols.map(|words| view! { <p class="note">{words}</p> })}
            <ol class="messages" aria-label=label("Messages")>
                <For each=numbered key=|(index, message)| (*index, message.number) children=field/>
            </ol>
            <p class="message-tools">
                <button
                    type="button"
                    class="small"
                    disabled=move || { draft.messages.with(Vec::len) >= MAX_MESSAGES }
                    on:click=move |_| draft.add(false, "Hello".into())
                >
                    "Add a message"
                </button>
                <span class="muted">{apart}</span>
                <span class="muted">{close}</span>
            </p>
        </div>
    }
}

/// The label of a field, such as `Scheme of run 2`.
fn label(words: &str, number: Option<usize>) -> String {
    number.map_or_else(|| words.to_owned(), |number| format!("{words} of run {number}"))
}

/// Where a run connects to: the scheme, the middlebox and the settings.
#[component]
fn Address(draft: RunDraft, #[prop(optional_no_strip)] number: Option<usize>) -> impl IntoView {
    let host = window().location().hostname().unwrap_or_default();
    let over = draft.original.with_value(|original| original.via.is_some());
    view! {
            <div class="address mono">
                <select
                    aria-label=label("Scheme", number)
                    on:change=move |event| draft.secure.set(event_target_value(&event) == "wss")
                >
                    <option value="ws" prop:selected=move || !draft.secure.get()>
                        "ws"
                    </option>
                    <option value="wss" prop:selected=move || draft.secure.get()>
                        "wss"
                    </option>
                </select>
                <span>{format!("://{host}{}", site::path("/"))}</span>
                {over.then(|| view! {
                    <span>"via/"</span>
                    <input type="text" class="mono via" autocomplete="off" autocapitalize="off" spellcheck="false"
                        aria-label=label("Middlebox", number)
                        prop:value=draft.via on:input=move |event| draft.via.set(event_target_value(&event))/>
                    <span>"/"</span>
                })}
                <span>"lab/…?"</span>
                <input type="text" class="mono query" autocomplete="off" autocapitalize="off" spellcheck="false"
                    aria-label=label("Server behavior", number)
                    placeholder="plain echo"
                    prop:value=draft.query on:input=move |event| draft.query.set(event_target_value(&event))/>
            </div>
            <Meaning query=draft.query/>
    }
}

#[component]
fn MessageField(draft: RunDraft, message: Message, index: usize) -> impl IntoView {
    let Message { number, binary, text } = message;
    let words = if binary { "bytes" } else { "text" };
    let remove = move |_| draft.messages.update(|messages| messages.retain(|message| message.number != number));
    view! {
        <li>
            <em class=if binary { "op bin" } else { "op text" }>{words}</em>
            <input type="text" class:mono=binary autocomplete="off" spellcheck="false"
                aria-label=format!("Message {}", index + 1)
                prop:value=text on:input=move |event| text.set(event_target_value(&event))/>
            <button type="button" class="icon" aria-label=format!("Remove message {}", index + 1) on:click=remove>
                <Icon path=CLOSE/>
            </button>
        </li>
    }
}
