//! All checks are met: how little it took, a receipt, and what comes next.

use crate::challenge::runner::Runner;
use crate::course::progress::Progress;
use crate::net::api::{self, ApiError};
use crate::ui::copy_button::CopyButton;
use crate::ui::format;
use crate::ui::icon::{CHECK, Icon};
use crate::ui::object_url::ObjectUrl;
use curriculum::challenge::Summary;
use curriculum::grade::{Golf, Report};
use curriculum::page_run::PageRun;
use leptos::prelude::*;
use leptos::task::spawn_local;
use observation::Seq;
use serde::{Deserialize, Serialize};

#[component]
pub fn Passed(next: Option<Summary>) -> impl IntoView {
    let runner = expect_context::<Runner>();
    let attempt = runner.attempt;
    let progress = Progress::provided();
    let passed = Memo::new(move |_| runner.has_passed());
    // What it took is kept once the last of a run's frames have come too; the same figure is shown.
    let kept = Memo::new(move |kept: Option<&Option<Golf>>| {
        let now = || attempt.has_settled().then(|| attempt.report.with(|report| report.golf));
        passed.get().then(|| kept.copied().flatten().or_else(now)).flatten()
    });
    // An effect, since the last that was missing may come from anywhere and at any time, and what is kept is kept outside of
    // the page. Nothing that is read here depends on it.
    Effect::new(move || {
        if let Some(golf) = kept.get() {
            progress.pass_challenge(&attempt.id(), golf);
            attempt.remember();
        }
    });
    let golf = move || {
        let golf = kept.get().unwrap_or_else(|| attempt.report.with(|report| report.golf));
        if golf.connections == 0 {
            return "It took no connection that the relay saw.".to_owned();
        }
        format!(
            "It took {}, {} and {} from the client.",
            format::plural(golf.connections.into(), "connection"),
            format::plural(golf.frames, "frame"),
            format::plural(golf.bytes, "byte"),
        )
    };
    let next = StoredValue::new(next);
    view! {
        <p class="hidden" role="status">
            {move || passed.get().then_some("Passed")}
        </p>
        <Show when=move || passed.get()>
            <section class="panel passed" aria-labelledby="passed-title">
                <h2 id="passed-title">
                    <Icon path=CHECK/>
                    "Passed"
                </h2>
                <p>{golf}</p>
                <Receipt/>
                {next.get_value().map(|next| view! {
                    <p>
                        <a href=format!("/challenges/{}", next.id) class="button primary quiet">
                            {format!("Next: {}", next.title)}
                        </a>
                    </p>
                })}
            </section>
        </Show>
    }
}

#[derive(Serialize)]
struct Wanted {
    challenge: String,
    since: Seq,
    name: Option<String>,
    told: Option<PageRun>,
}

#[derive(Deserialize)]
struct Given {
    receipt: String,
}

#[component]
fn Receipt() -> impl IntoView {
    let attempt = expect_context::<Runner>().attempt;
    let name = RwSignal::new(String::new());
    let said = RwSignal::new(None::<Result<String, String>>);
    let coming = RwSignal::new(false);
    let ask = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if coming.get_untracked() {
            return;
        }
        let name = name.get_untracked().trim().to_owned();
        let wanted = Wanted {
            challenge: attempt.id(),
            since: attempt.since(),
            name: Some(name).filter(|name| !name.is_empty()),
            told: attempt.word(),
        };
        coming.set(true);
        let session = attempt.session.get_value().to_string();
        spawn_local(async move {
            let receipt = fetch(&session, &wanted).await;
            // The page may have been left meanwhile.
            if said.try_set(Some(receipt)).is_none() {
                coming.set(false);
            }
        });
    };
    view! {
        <form class="receipt-form" on:submit=ask>
            <label for="receipt-name">"Your name, if it shall stand on a receipt"</label>
            <div class="link">
                <input
                    id="receipt-name"
                    maxlength="80"
                    autocomplete="name"
                    prop:value=name
                    on:input=move |event| name.set(event_target_value(&event))
                />
                <button type="submit" class="small" aria-disabled=move || coming.get().to_string()>
                    "Get a receipt"
                </button>
            </div>
            <p class="note" role="status">
                {move || match (coming.get(), said.get()) {
                    (true, _) => "The relay grades it and signs…",
                    (false, Some(Ok(_))) => "Here is your receipt.",
                    (false, _) => "",
                }}
            </p>
        </form>
        {move || said.get().map(|said| match said {
            Err(words) => view! { <p class="card bad" role="alert">{words}</p> }.into_any(),
            Ok(text) => view! { <ReceiptText text/> }.into_any(),
        })}
    }
}

#[component]
fn ReceiptText(text: String) -> impl IntoView {
    let url = StoredValue::new_local(ObjectUrl::of(text.as_bytes(), "text/plain"));
    let address = url.with_value(|url| url.as_ref().map(|url| url.as_str().to_owned()));
    view! {
        <textarea class="receipt" readonly rows="5" aria-label="The receipt" prop:value=text.clone()></textarea>
        <div class="buttons">
            <CopyButton text=Signal::stored(text) words="Copy"/>
            {address.map(|address| view! {
                <a href=address download="receipt.txt" class="button small">
                    "Download"
                </a>
            })}
            <a href="/receipt">"Check it"</a>
        </div>
    }
}

async fn fetch(session: &str, wanted: &Wanted) -> Result<String, String> {
    // Plain data always becomes JSON.
    let body = serde_json::to_string(wanted).unwrap_or_default();
    let answer = api::post(&format!("/api/sessions/{session}/receipts"), &body).await;
    let (status, body) = answer.map_err(|error: ApiError| error.words("The receipt"))?;
    if let Ok(Given { receipt }) = serde_json::from_str(&body) {
        return Ok(receipt);
    }
    Err(match serde_json::from_str::<Report>(&body) {
        Ok(report) => {
            let missing = report.verdicts.iter().filter(|verdict| !verdict.met).map(|verdict| verdict.found.as_str());
            format!("The relay does not find all checks met: {}", missing.collect::<Vec<_>>().join(" "))
        }
        Err(_) => format!("The receipt did not come. The relay says: {}", api::words_of(status, &body)),
    })
}
