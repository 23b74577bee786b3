//! The form of a rule: every condition, and the fields of the chosen action.

use super::draft::{ACTIONS, Field, FieldError, RuleDraft, takes_handshakes};
use crate::playground::behaviours;
use crate::playground::connect_form::ConnectForm;
use crate::ui::enter::is_enter;
use leptos::prelude::*;
use wire::opcode::Opcode;

/// The draft, and what is wrong with a field.
#[derive(Clone, Copy)]
struct Typing {
    draft: RwSignal<RuleDraft>,
    error: Memo<Option<FieldError>>,
}

/// An option: its value, and its words.
type Choice = (String, String);

#[component]
pub(super) fn RuleForm(
    draft: RwSignal<RuleDraft>,
    /// What is wrong, here or according to the relay.
    error: Memo<Option<FieldError>>,
    /// Called when the visitor presses Enter in a field.
    save: Callback<()>,
) -> impl IntoView {
    let typing = Typing { draft, error };
    let on_key = move |event: web_sys::KeyboardEvent| {
        // Otherwise Enter would send what the console has composed.
        if is_enter(&event) {
            event.prevent_default();
            save.run(());
        }
    };
    let text = |field, label, placeholder| view! { <Input typing field label placeholder/> };
    let choice = |field, label, choices| view! { <Select typing field label choices/> };
    view! {
        <div class="rule-form" on:keydown=on_key>
            <fieldset>
                <legend>"When"</legend>
                {choice(
                    Field::What,
                    "Applies to",
                    choices(&[("", "messages"), ("request", "handshake requests"), ("response", "handshake responses")]),
                )}
                <Conditions typing/>
            </fieldset>
            <fieldset>
                <legend>"Then"</legend>
                <Actions typing/>
                <ActionFields typing/>
            </fieldset>
            <fieldset>
                <legend>"Rule"</legend>
                {text(Field::Name, "Name", "none")}
                {text(Field::Times, "Times on each connection", "no limit")}
            </fieldset>
        </div>
    }
}

/// The conditions that messages or handshakes can meet.
#[component]
fn Conditions(typing: Typing) -> impl IntoView {
    let text = move |field, label, placeholder| view! { <Input typing field label placeholder/> }.into_any();
    let choice = move |field, label, choices| view! { <Select typing field label choices/> }.into_any();
    let is_handshake = Memo::new(move |_| typing.draft.with(|draft| draft.handshake().is_some()));
    move || {
        let mut fields = Vec::new();
        if !is_handshake.get() {
            let ends = choices(&[("", "either end"), ("client", "the client"), ("server", "the server")]);
            fields.push(choice(Field::From, "From", ends));
            fields.push(choice(Field::Opcode, "Opcode", opcodes()));
            fields.push(choice(Field::Kind, "Kind", choices(&[("", "any"), ("text", "text"), ("binary", "binary")])));
        }
        fields.push(text(Field::Text, "Contains the text", "any"));
        fields.push(text(Field::Regex, "Matches the regular expression", "any"));
        if !is_handshake.get() {
            fields.push(text(Field::Path, "Is JSON that has", "$.type"));
            fields.push(text(Field::Is, "with this value there", "any"));
            fields.push(text(Field::Decoded, "Has the decoded field", "event"));
            fields.push(text(Field::DecodedIs, "with this value in it", "any"));
        }
        fields.push(text(Field::MinBytes, "At least (bytes)", "0"));
        fields.push(text(Field::MaxBytes, "At most (bytes)", "any"));
        fields.push(text(Field::Subprotocol, "Subprotocol", "any"));
        fields.push(text(Field::Connection, "Connection number", "any"));
        let note = is_handshake.get().then(|| {
            view! { <p class="note whole">"Handshakes are held between a client and another server, on connections to /relay."</p> }
        });
        view! {
            {fields.collect_view()}
            {note}
        }
    }
}

/// The actions that messages or handshakes take.
#[component]
fn Actions(typing: Typing) -> impl IntoView {
    let is_handshake = Memo::new(move |_| typing.draft.with(|draft| draft.handshake().is_some()));
    move || {
        let taken = |(action, _): &&(&str, &str)| !is_handshake.get() || takes_handshakes(action);
        let actions: Vec<_> = ACTIONS.iter().filter(taken).copied().collect();
        view! { <Select typing field=Field::Action label="Action" choices=choices(&actions)/> }
    }
}

/// The fields of the chosen action.
#[component]
fn ActionFields(typing: Typing) -> impl IntoView {
    let draft = typing.draft;
    let which =
        Memo::new(move |_| draft.with(|draft| (draft.get(Field::Action).to_owned(), draft.get(Field::How).to_owned())));
    let text = move |field, label, placeholder| view! { <Input typing field label placeholder/> }.into_any();
    let choice = move |field, label, of: &[(&str, &str)]| {
        let choices = choices(of);
        view! { <Select typing field label choices/> }.into_any()
    };
    move || {
        let (action, how) = which.get();
        let fields = match &*action {
            "hold" => vec![
                text(Field::Ms, "For at most (ms)", "30000"),
                choice(Field::Expiry, "If nobody decides", &[("forward", "forward it"), ("drop", "drop or refuse it")]),
            ],
            "delay" => vec![text(Field::Ms, "By (ms)", "3000")],
            "duplicate" => vec![text(Field::Copies, "Copies", "1")],
            "reorder" => vec![
                text(Field::Behind, "After how many later messages", "1"),
                text(Field::Ms, "Or after (ms)", "5000"),
            ],
            "replace" => {
                let ways = [("regex", "matches in the text"), ("template", "all of it"), ("json", "a value in JSON")];
                let mut fields = vec![choice(Field::How, "Replace", &ways)];
                fields.extend(match &*how {
                    "template" => vec![text(Field::Template, "By this text", "{{text}}, id {{$.id}}")],
                    "json" => vec![text(Field::Place, "At", "$.price"), text(Field::Value, "By this value", "13")],
                    _ => vec![
                        text(Field::Find, "Regular expression", "v([0-9])"),
                        text(Field::With, "By this text", "version $1"),
                    ],
                });
                fields
            }
            "corrupt" => vec![view! { <FaultField typing/> }.into_any()],
            "close" => vec![text(Field::Code, "Close code", "1001"), text(Field::Reason, "Reason", "none")],
            "note" => vec![text(Field::Note, "Note", "seen")],
            _ => Vec::new(),
        };
        fields.collect_view()
    }
}

/// The faults come from the relay, with their descriptions.
#[component]
fn FaultField(typing: Typing) -> impl IntoView {
    let form = expect_context::<ConnectForm>();
    behaviours::learn(form);
    let known = Memo::new(move |_| {
        form.catalogue.with(|catalogue| catalogue.ready().map(|catalogue| catalogue.faults.clone())).unwrap_or_default()
    });
    let chosen = Memo::new(move |_| typing.draft.with(|draft| draft.get(Field::Fault).to_owned()));
    let what = move || {
        known.with(|known| known.iter().find(|fault| fault.name == chosen.get()).map(|fault| fault.what.clone()))
    };
    move || {
        let mut choices: Vec<Choice> = known.get().into_iter().map(|fault| (fault.name.clone(), fault.name)).collect();
        let now = chosen.get_untracked();
        if !choices.iter().any(|(name, _)| *name == now) {
            choices.insert(0, (now.clone(), now));
        }
        view! {
            <Select typing field=Field::Fault label="Fault" choices/>
            <p class="note">{what}</p>
        }
    }
}

#[component]
fn Input(typing: Typing, field: Field, label: &'static str, placeholder: &'static str) -> impl IntoView {
    let Typing { draft, error } = typing;
    let text = Memo::new(move |_| draft.with(|draft| draft.get(field).to_owned()));
    let said = Memo::new(move |_| error.get().filter(|(of, _)| *of == field).map(|(_, said)| said));
    let id = field.id();
    view! {
        <div>
            <label for=id.clone()>{label}</label>
            <input
                type="text"
                id=id.clone()
                autocomplete="off"
                spellcheck="false"
                placeholder=placeholder
                prop:value=text
                on:input=move |event| draft.update(|draft| draft.set(field, event_target_value(&event)))
                aria-invalid=move || said.with(Option::is_some).then_some("true")
                aria-errormessage=format!("{id}-error")
            />
            <span id=format!("{id}-error") class="error" aria-live="polite">
                {said}
            </span>
        </div>
    }
}

#[component]
fn Select(typing: Typing, field: Field, label: &'static str, choices: Vec<Choice>) -> impl IntoView {
    let draft = typing.draft;
    let chosen = Memo::new(move |_| draft.with(|draft| draft.get(field).to_owned()));
    let choose = move |event: web_sys::Event| {
        let value = event_target_value(&event);
        draft.update(|draft| match field {
            Field::Action => draft.choose(value),
            Field::What => draft.choose_what(value),
            _ => draft.set(field, value),
        });
    };
    let option = |(value, words): Choice| {
        let own = value.clone();
        view! { <option value=value prop:selected=move || chosen.with(|chosen| *chosen == own)>{words}</option> }
    };
    view! {
        <div>
            <label for=field.id()>{label}</label>
            <select id=field.id() on:change=choose>
                {choices.into_iter().map(option).collect_view()}
            </select>
        </div>
    }
}

fn choices(of: &[(&str, &str)]) -> Vec<Choice> {
    of.iter().map(|&(value, words)| (value.to_owned(), words.to_owned())).collect()
}

fn opcodes() -> Vec<Choice> {
    let opcode = |nibble: u8| (nibble.to_string(), format!("{nibble:X} {}", Opcode::from_nibble(nibble).name()));
    std::iter::once((String::new(), "text or binary".to_owned())).chain((0..16).map(opcode)).collect()
}
