//! `/receipt`: whether a receipt is this relay's, and what stands in it.

use crate::net::api;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

#[component]
pub fn ReceiptPage() -> impl IntoView {
    let text = RwSignal::new(String::new());
    let said = RwSignal::new(None::<Result<Value, String>>);
    let verify = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        spawn_local(async move {
            let verified = verified(text.get_untracked().trim()).await;
            // The page may have been left meanwhile.
            let _ = said.try_set(Some(verified));
        });
    };
    view! {
        <main class="challenges">
            <h1>"Check a receipt"</h1>
            <p class="muted">"A receipt says which challenge was passed, when, and how. Only the relay that wrote it can tell whether it is real."</p>
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
                    Ok(fields) => view! { <Fields fields/> }.into_any(),
                })}
            </div>
        </main>
    }
}

async fn verified(text: &str) -> Result<Value, String> {
    let (status, body) = api::post("/api/receipts/verify", text).await.map_err(|error| error.words("The answer"))?;
    match serde_json::from_str(&body) {
        Ok(fields) if status == 200 => Ok(fields),
        _ => Err(format!("This is no receipt of this relay. {}", api::words_of(status, &body))),
    }
}

#[component]
fn Fields(fields: Value) -> impl IntoView {
    let mut rows = Vec::new();
    list(&mut rows, "", &fields);
    view! {
        <h2>"What it says"</h2>
        <dl class="given">
            {rows
                .into_iter()
                .map(|(name, value)| view! {
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                })
                .collect_view()}
        </dl>
    }
}

/// Each field with its words, those inside others by both names.
fn list(rows: &mut Vec<(String, String)>, name: &str, value: &Value) {
    let named = |inner: &str| {
        let inner = inner.replace('_', " ");
        if name.is_empty() { inner } else { format!("{name}: {inner}") }
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(inner, value)| list(rows, &named(inner), value)),
        Value::Array(items) => {
            let words = items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
            rows.push((name.to_owned(), words.collect::<Vec<_>>().join(", ")));
        }
        Value::Null => {}
        Value::String(text) => rows.push((name.to_owned(), text.clone())),
        Value::Bool(yes) => rows.push((name.to_owned(), if *yes { "yes" } else { "no" }.to_owned())),
        Value::Number(number) => rows.push((name.to_owned(), number.to_string())),
    }
}
