//! This setup as a link that others can open in their own session.

use crate::address::setup::{Destination, Setup};
use crate::address::target;
use crate::ui::copy_button::CopyButton;
use crate::ui::embed_button::EmbedButton;
use crate::ui::format;
use leptos::prelude::*;

#[component]
pub fn AsLink(
    setup: Setup,
    /// Where the setup comes from.
    source: String,
    /// Whether tokens were replaced in the setup.
    left_out: bool,
    /// The rules that were left out because of what looks like a token in them, from 1.
    secret_rules: Vec<usize>,
) -> impl IntoView {
    let parts = parts(&setup);
    let link = match setup.fragment() {
        Ok(fragment) => {
            let link = target::setup_url(&fragment);
            let embed = format!("playground{fragment}");
            view! {
                <div class="link">
                    <input type="text" class="mono" readonly aria-label="Link to this setup" prop:value=link.clone()/>
                    <CopyButton text=Signal::stored(link) words="Copy link"/>
                    <EmbedButton path=embed title="WebSocket playground" height=640 words="Copy embed code"/>
                </div>
            }
            .into_any()
        }
        Err(said) => view! { <p class="card bad">{said}</p> }.into_any(),
    };
    let left_out = left_out.then(|| {
        view! { <p class="note">"Asterisks replace the tokens in it. To keep them, select “Keep tokens” above."</p> }
    });
    let without_rules = (!secret_rules.is_empty()).then(|| {
        let numbers: Vec<_> = secret_rules.iter().map(usize::to_string).collect();
        let which = if numbers.len() == 1 { "rule" } else { "rules" };
        let words = format!(
            "The link leaves out the rules, because {which} {} may contain a token. To keep them, select “Keep tokens” above.",
            numbers.join(", ")
        );
        view! { <p class="note">{words}</p> }
    });
    view! {
        <section aria-labelledby="as-link">
            <h3 id="as-link">"Link"</h3>
            <p class="note">
                {format!(
                    "From {source}: {parts}. Anyone who opens the link gets their own session with the fields filled in. Your session stays private.",
                )}
            </p>
            {left_out}
            {without_rules}
            {link}
        </section>
    }
}

/// What the link contains.
fn parts(setup: &Setup) -> String {
    let mut parts = vec![match &setup.destination {
        Destination::Elsewhere(_) => "the URL".to_owned(),
        Destination::Relayed(_) => "the other server".to_owned(),
        _ if setup.via.is_some() => "the route, the server behavior".to_owned(),
        _ => "the server behavior".to_owned(),
    }];
    if !setup.subprotocols.trim().is_empty() {
        parts.push("the subprotocols".into());
    }
    if !setup.rules.is_empty() {
        let count = serde_json::from_str::<Vec<serde_json::Value>>(&setup.rules).map_or(0, |rules| rules.len());
        parts.push(format::plural(count as u64, "rule"));
    }
    if !setup.messages.is_empty() {
        parts.push(format::plural(setup.messages.len() as u64, "message"));
    }
    match parts.split_last() {
        Some((last, front)) if !front.is_empty() => format!("{} and {last}", front.join(", ")),
        _ => parts.concat(),
    }
}
