//! The console: sends frames, valid or not, from the relay’s side of an open connection.

mod draft;
mod head_draft;
mod held;
mod held_handshake;
mod held_message;
mod receiver;
mod rules;
mod waiting;

use crate::lab::Lab;
use crate::lab::draft::hex;
use crate::lab::frame_composer::{FrameDraft, FrameFields};
use crate::lab::receiver::{Receiver, all_open, own};
use crate::lab::store::commands::{Asked, Fate};
use crate::playground::sending::Sending;
use crate::ui::tabs::Tabs;
use held::HeldPanel;
use leptos::prelude::*;
use observation::command::DropBy;
use observation::{Command, ConnectionNumber};
use receiver::ReceiverChoice;
use rules::RulesPanel;
use wire::Sender;

/// How many of the last commands are shown with their outcome.
const SHOWN: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
    Ping,
    Pong,
    Close,
    Frame,
    Raw,
    OpenConnection,
    Rules,
    Held,
}

/// In the order of the tabs.
const KINDS: [Kind; 10] = [
    Kind::Text,
    Kind::Binary,
    Kind::Ping,
    Kind::Pong,
    Kind::Close,
    Kind::Frame,
    Kind::Raw,
    Kind::OpenConnection,
    Kind::Rules,
    Kind::Held,
];

impl Kind {
    /// Whether it has its own buttons, instead of one that sends.
    fn has_own_buttons(self) -> bool {
        matches!(self, Self::OpenConnection | Self::Rules | Self::Held)
    }

    /// Whether it is about all connections of the session.
    fn is_of_session(self) -> bool {
        matches!(self, Self::Rules | Self::Held)
    }
}

/// What was typed for each kind. It stays when the visitor switches between kinds.
#[derive(Clone, Copy)]
struct Drafts {
    text: RwSignal<String>,
    binary: RwSignal<String>,
    /// The payload of a ping or pong.
    control: RwSignal<String>,
    code: RwSignal<String>,
    reason: RwSignal<String>,
    raw: RwSignal<String>,
    frame: RwSignal<FrameDraft>,
}

impl Drafts {
    fn new() -> Self {
        Self {
            text: RwSignal::new("Hello from the relay".into()),
            binary: RwSignal::new("00 01 7f 80 ff".into()),
            control: RwSignal::new("still there?".into()),
            code: RwSignal::new("1001".into()),
            reason: RwSignal::new(String::new()),
            raw: RwSignal::new("81 02 68 69".into()),
            frame: RwSignal::new(FrameDraft::default()),
        }
    }

    /// The command that would be sent now, or why none can be.
    fn command(self, kind: Kind) -> Result<Command, String> {
        match kind {
            Kind::Text => Ok(Command::Text(self.text.get())),
            Kind::Binary => hex(&self.binary.get()).map(Command::Binary),
            Kind::Ping => draft::control(&self.control.get()).map(Command::Ping),
            Kind::Pong => draft::control(&self.control.get()).map(Command::Pong),
            Kind::Close => draft::close(&self.code.get(), &self.reason.get()),
            Kind::Frame => self.frame.with(FrameDraft::composed).map(Command::Frame),
            Kind::Raw => draft::raw(&self.raw.get()),
            Kind::OpenConnection | Kind::Rules | Kind::Held => Err(String::new()),
        }
    }
}

#[component]
pub fn Console() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let drafts = Drafts::new();
    let Sending { command: chosen, .. } = expect_context();
    let kind = Memo::new(move |_| KINDS[chosen.get()]);
    let own = Memo::new(move |_| own(lab));
    let all = Memo::new(move |_| all_open(lab));
    let wanted = RwSignal::new(None::<ConnectionNumber>);
    // The chosen connection, or this page's, or the newest.
    let line = Memo::new(move |_| {
        all.with(|all| {
            let open = |number| all.iter().find(|receiver| Some(receiver.number()) == number);
            open(wanted.get()).or_else(|| open(own.get())).or(all.last()).cloned()
        })
    });
    let command = move || drafts.command(kind.get());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if let (Some(line), Ok(command)) = (line.get_untracked(), untrack(command)) {
            lab.command(line.number(), command);
        }
    };
    let names: &[&str] =
        &["Text", "Binary", "Ping", "Pong", "Close", "Frame", "Raw bytes", "Connection", "Rules", "Held"];
    let of_session = move || kind.get().is_of_session();
    view! {
        <form class="console" class:of-session=of_session aria-label="The relay sends" on:submit=submit novalidate>
            <div class="console-top">
                <p class="speaker">
                    <b>"Relay"</b>
                    {move || {
                        if of_session() {
                            " on all connections".into_any()
                        } else {
                            view! { " → " <ReceiverChoice all chosen=line wanted/> }.into_any()
                        }
                    }}
                </p>
                <Tabs label="What the relay sends" id="relay" tabs=names chosen/>
            </div>
            <div class="console-main">
                <Fields kind drafts line/>
                <button
                    type="submit"
                    class="primary by-relay"
                    hidden=move || kind.get().has_own_buttons()
                    aria-disabled=move || (line.get().is_none() || command().is_err()).to_string()
                >
                    {move || if kind.get() == Kind::Close { "Close from the relay" } else { "Send from the relay" }}
                </button>
                <p id="relay-note" class="preview" aria-live="polite">
                    {move || match (line.get(), command()) {
                        _ if of_session() => hint_of_session(kind.get()).into_any(),
                        (None, _) => "No connection is open. Connect first.".into_any(),
                        (_, Err(said)) if !said.is_empty() => view! { <span class="error">{said}</span> }.into_any(),
                        (Some(line), _) => hint(kind.get(), &line).into_any(),
                    }}
                </p>
                <Fates/>
            </div>
        </form>
    }
}

/// The fields of a kind.
#[component]
fn Fields(kind: Memo<Kind>, drafts: Drafts, line: Memo<Option<Receiver>>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let deflate = Memo::new(move |_| {
        let opening =
            |number| lab.record.with(|record| record.transcript.opening(number).map(|it| it.deflate.is_some()));
        line.with(|line| line.as_ref().map(Receiver::number)).and_then(opening).unwrap_or(false)
    });
    let role = Memo::new(move |_| line.with(|line| line.as_ref().map_or(Sender::Server, |line| line.role)));
    let hex = |id, value| view! { <Field id label="Bytes in hex" value mono=true/> }.into_any();
    let fields = move || match kind.get() {
        Kind::Text => view! { <Field id="relay-text" label="Text" value=drafts.text/> }.into_any(),
        Kind::Binary => hex("relay-hex", drafts.binary),
        Kind::Ping | Kind::Pong => {
            view! { <Field id="relay-payload" label="Payload" value=drafts.control/> }.into_any()
        }
        Kind::Close => view! {
            <Field id="relay-code" label="Code" value=drafts.code mono=true short=true/>
            <Field id="relay-reason" label="Reason" value=drafts.reason/>
        }
        .into_any(),
        Kind::Frame => view! { <FrameFields id="relay" draft=drafts.frame role deflate/> }.into_any(),
        Kind::Raw => hex("relay-raw", drafts.raw),
        Kind::OpenConnection => view! { <LineButtons line/> }.into_any(),
        Kind::Rules => view! { <RulesPanel/> }.into_any(),
        Kind::Held => view! { <HeldPanel/> }.into_any(),
    };
    view! {
        <div id="relay-panel" role="tabpanel" aria-label="What the relay sends" class="draft">
            {fields}
        </div>
    }
}

/// What a kind does that is about all connections.
fn hint_of_session(kind: Kind) -> &'static str {
    if kind == Kind::Held {
        "Messages after a held one go ahead of it. A rule says how long it is held, and what happens then."
    } else {
        "Rules act on lab, middlebox and relay connections, from the next message. The first rule that matches decides."
    }
}

/// What a kind does on that connection.
fn hint(kind: Kind, line: &Receiver) -> String {
    let Receiver { role, end, sealed, .. } = line;
    let first = end.strip_prefix("the ").map_or_else(|| end.clone(), |name| format!("The {name}"));
    match kind {
        Kind::Rules | Kind::Held => hint_of_session(kind).into(),
        Kind::OpenConnection => "Do to the connection what a network can do.".into(),
        _ if *sealed => "This connection carries TLS through a middlebox, which has no keys and cannot add a frame. Choose its server side, or the tab Connection.".into(),
        Kind::Text | Kind::Binary if *role == Sender::Client => {
            format!("Here, the relay is the client of {end}. It masks what it sends.")
        }
        Kind::Text | Kind::Binary => "The server sends this on its own. Either side can send at any time.".into(),
        Kind::Ping => format!("{first} answers a ping automatically. JavaScript sees neither."),
        Kind::Pong => format!("An unsolicited pong is allowed. {first} ignores it."),
        Kind::Close => {
            "You can send any code here, even one that is forbidden, such as 1005. Leave it empty to send none.".into()
        }
        Kind::Frame => {
            "You set every bit. The relay sends the frame even if it is invalid, and records it as deliberate.".into()
        }
        Kind::Raw => format!("The relay sends these bytes unchanged. {first} reads them as frames."),
    }
}

/// The last commands and their outcomes.
#[component]
fn Fates() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let fates = Memo::new(move |_| {
        lab.commands.with(|commands| commands.recent().take(SHOWN).cloned().collect::<Vec<Asked>>())
    });
    let fate = |asked: Asked| {
        let (class, words) = match asked.fate {
            Fate::Waiting => ("waits", "sent…".to_owned()),
            Fate::Done => ("done", "done".to_owned()),
            Fate::Refused(why) => ("refused", format!("refused: {why}")),
        };
        view! {
            <li class=class>
                <b>{asked.what}</b>
                " "
                {words}
            </li>
        }
    };
    view! {
        <ol class="fates" aria-live="polite" aria-label="Last commands">
            {move || fates.get().into_iter().map(fate).collect_view()}
        </ol>
    }
}

#[component]
fn Field(
    id: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    #[prop(optional)] mono: bool,
    #[prop(optional)] short: bool,
) -> impl IntoView {
    view! {
        <label class="inline" for=id>
            {label}
        </label>
        <input
            id=id
            type="text"
            class:mono=mono
            class:code=short
            autocomplete="off"
            spellcheck="false"
            prop:value=value
            on:input=move |event| value.set(event_target_value(&event))
            aria-describedby="relay-note"
        />
    }
}

/// Actions on the connection itself. Each happens at once.
#[component]
fn LineButtons(line: Memo<Option<Receiver>>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let ask = move |command: Command| {
        if let Some(line) = line.get_untracked() {
            lab.command(line.number(), command);
        }
    };
    let from = move || line.get().map_or_else(|| "the browser".to_owned(), |line| line.end);
    let none = move || line.get().is_none().to_string();
    let paused = move || line.get().is_some_and(|receiver| receiver.line.paused);
    let read = move |_| ask(if untrack(paused) { Command::Resume } else { Command::Pause });
    view! {
        <ul class="line-acts">
            <li>
                <button type="button" class="small" aria-disabled=none on:click=read>
                    {move || if paused() { "Resume reading" } else { "Pause reading" }}
                </button>
                <span>
                    {move || if paused() { "The relay is not reading." } else { "The relay stops reading." }}
                    {move || format!(" Data from {} waits in the network’s buffers.", from())}
                </span>
            </li>
            <li>
                <button type="button" class="small" aria-disabled=none on:click=move |_| ask(Command::Drop(DropBy::Fin))>
                    "Drop"
                </button>
                <span>"Closes TCP normally (FIN), without a close frame."</span>
            </li>
            <li>
                <button type="button" class="small" aria-disabled=none on:click=move |_| ask(Command::Drop(DropBy::Reset))>
                    "Reset"
                </button>
                <span>"Aborts TCP (RST). Data in transit is lost."</span>
            </li>
        </ul>
    }
}
