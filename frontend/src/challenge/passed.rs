//! A passed challenge: what it took, a receipt, and the next challenge.

use crate::challenge::runner::Runner;
use crate::course::progress::Progress;
use crate::net::api::{self, ApiError};
use crate::site;
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
    // The figures are stored after the last frames of a run have arrived. The page shows the same figures.
    let stored = Memo::new(move |stored: Option<&Option<Golf>>| {
        let now = || attempt.has_settled().then(|| attempt.report.with(|report| report.golf));
        passed.get().then(|| stored.copied().flatten().or_else(now)).flatten()
    });
    // An effect, because the last missing observation can arrive at any time and the result is stored outside of the page.
    // Nothing that this effect reads depends on what it writes.
    Effect::new(move || {
        if let Some(golf) = stored.get() {
            progress.pass_challenge(&attempt.id(), golf);
            attempt.remember();
        }
    });
    let golf = move || {
        let golf = stored.get().unwrap_or_else(|| attempt.report.with(|report| report.golf));
        if golf.connections == 0 {
            return "The relay saw no connection.".to_owned();
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
                {attempt.challenge.with_value(|challenge| challenge.conceal).then(|| view! {
                    <p class="muted">"Reload the page to see beside each frame what the relay did deliberately."</p>
                })}
                <Receipt/>
                {next.get_value().map(|next| view! {
                    <p>
                        <a href=site::path(&format!("/challenges/{}", next.id)) class="button primary quiet">
                            {format!("Next: {}", next.title)}
                        </a>
                    </p>
                })}
            </section>
        </Show>
    }
}

#[derive(Serialize)]
struct ReceiptRequest {
    challenge: String,
    since: Seq,
    name: Option<String>,
    told: Option<PageRun>,
}

#[derive(Deserialize)]
struct Issued {
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
        let wanted = ReceiptRequest {
            challenge: attempt.id(),
            since: attempt.since(),
            name: Some(name).filter(|name| !name.is_empty()),
            told: attempt.page_report(),
        };
        coming.set(true);
        let session = attempt.session.get_value().to_string();
        spawn_local(async move {
            let receipt = fetch(&session, &wanted).await;
            // The reader may have left the page.
            if said.try_set(Some(receipt)).is_none() {
                coming.set(false);
            }
        });
    };
    view! {
        <form class="receipt-form" on:submit=ask>
            <label for="receipt-name">"Name for the receipt (optional)"</label>
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
                    (true, _) => "The relay is grading and signing…",
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
            <a href=site::path("/receipt")>"Check this receipt"</a>
        </div>
    }
}

async fn fetch(session: &str, wanted: &ReceiptRequest) -> Result<String, String> {
    // Plain data always becomes JSON.
    let body = serde_json::to_string(wanted).unwrap_or_default();
    let answer = api::post(&format!("/api/sessions/{session}/receipts"), &body).await;
    let (status, body) = answer.map_err(|error: ApiError| error.words("The receipt"))?;
    if let Ok(Issued { receipt }) = serde_json::from_str(&body) {
        return Ok(receipt);
    }
    Err(match serde_json::from_str::<Report>(&body) {
        Ok(report) => {
            let missing = report.verdicts.iter().filter(|verdict| !verdict.met).map(|verdict| verdict.found.as_str());
            format!("The relay found that not all checks are met: {}", missing.collect::<Vec<_>>().join(" "))
        }
        Err(_) => format!("The relay did not issue a receipt. It says: {}", api::words_of(status, &body)),
    })
}
