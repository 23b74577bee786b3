//! `/receipt`: checks a receipt and shows its contents.

use crate::net::api;
use crate::ui::arrival::{came_along, focus_when_seen, title};
use crate::ui::fetched::TITLE;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;

#[component]
pub fn ReceiptPage() -> impl IntoView {
    title("Check a receipt");
    Effect::new(|| {
        if came_along() {
            focus_when_seen(TITLE);
        }
    });
    let text = RwSignal::new(String::new());
    let said = RwSignal::new(None::<Result<Said, String>>);
    let verify = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let text = text.get_untracked();
        spawn_local(async move {
            let verified = verified(text.trim()).await;
            // The reader may have left the page.
            let _ = said.try_set(Some(verified));
        });
    };
    view! {
        <main class="challenges">
            <h1 id=TITLE tabindex="-1">"Check a receipt"</h1>
            <p class="muted">"A receipt records which challenge was passed, when and how. The relay that graded it has signed it."</p>
            <form class="receipt-form" on:submit=verify>
                <label for="receipt">"The receipt"</label>
                <textarea
                    id="receipt"
                    class="receipt"
                    rows="6"
                    spellcheck="false"
                    prop:value=text
                    on:input=move |event| text.set(event_target_value(&event))
                ></textarea>
                <button type="submit" class="primary">
                    "Check"
                </button>
            </form>
            <div role="status">
                {move || said.get().map(|said| match said {
                    Err(words) => view! { <p class="card bad">{words}</p> }.into_any(),
                    Ok(said) => view! { <Verification said/> }.into_any(),
                })}
            </div>
        </main>
    }
}

/// The relay's answer to a receipt.
#[derive(Clone, Deserialize)]
struct Said {
    /// Whether this relay signed it and nothing was changed.
    valid: bool,
    /// Whether nothing was changed since somebody signed it.
    #[serde(default)]
    unchanged: bool,
    /// Why it is not valid.
    reason: Option<String>,
    #[serde(flatten)]
    receipt: Option<Receipt>,
}

/// The contents of a receipt.
#[derive(Clone, Deserialize)]
struct Receipt {
    course: String,
    challenge: String,
    /// Since format 2.
    content: Option<String>,
    relay: Option<String>,
    session: Option<String>,
    passed: String,
    name: Option<String>,
    checks: u32,
    on_word: u32,
    evidence: String,
    key: String,
}

async fn verified(text: &str) -> Result<Said, String> {
    let (status, body) = api::post("/api/receipts/verify", text).await.map_err(|error| error.words("The answer"))?;
    match serde_json::from_str(&body) {
        Ok(said) if status == 200 => Ok(said),
        _ => Err(format!("The relay cannot check this. {}", api::words_of(status, &body))),
    }
}

#[component]
fn Verification(said: Said) -> impl IntoView {
    let (class, words) = match (said.valid, said.unchanged) {
        (true, _) => ("card good", "This receipt is valid: this relay signed it, and nothing in it was changed.".to_owned()),
        (false, true) => (
            "card warn",
            "This receipt is signed by an unknown key: by another relay, or by this one before a restart. It was not changed since, but \
             anyone can create a key. Trust it only if you know the key below."
                .to_owned(),
        ),
        (false, false) => ("card bad", format!("This receipt is not valid. {}", said.reason.unwrap_or_default())),
    };
    view! {
        <p class=class>{words}</p>
        {said.receipt.map(|receipt| view! { <Fields receipt/> })}
    }
}

#[component]
fn Fields(receipt: Receipt) -> impl IntoView {
    let Receipt { course, challenge, content, relay, session, passed, name, checks, on_word, evidence, key } = receipt;
    let unbound = || "not in a receipt of format 1".to_owned();
    let word = match on_word {
        0 => "all based on what the relay saw".to_owned(),
        1 => "1 of them reported only by the page".to_owned(),
        count => format!("{count} of them reported only by the page"),
    };
    let rows = [
        ("Name", name.unwrap_or_else(|| "not given".to_owned())),
        ("Challenge", format!("{challenge}, in the course {course}")),
        ("Passed", passed.replace('T', " ").replace('Z', " UTC")),
        ("Checks met", format!("{checks}, {word}")),
        ("Content of the challenge, SHA-256", content.unwrap_or_else(unbound)),
        ("Version of the relay", relay.unwrap_or_else(unbound)),
        ("Tag of the session", session.unwrap_or_else(unbound)),
        ("Evidence, SHA-256", evidence),
        ("Signed with the key", key),
    ];
    view! {
        <h2>"Contents"</h2>
        <dl class="values">
            {rows
                .map(|(name, value)| view! {
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                })
                .into_iter()
                .collect_view()}
        </dl>
    }
}
