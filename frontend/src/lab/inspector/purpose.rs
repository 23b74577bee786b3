//! That something was done on purpose: what, by whose wish, and the rule that it is about.

use crate::lab::Lab;
use crate::ui::prose::Prose;
use leptos::prelude::*;
use observation::sequence::RowKey;
use observation::{Citation, Deliberate, Event, Origin, Seq};

/// A card for each thing that was done on purpose.
#[component]
pub fn OnPurpose(
    did: Vec<Deliberate>,
    /// The observation that shows it, where another one is inspected.
    #[prop(default = None)]
    at: Option<Seq>,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let link = at.and_then(|seq| lab.record.with_untracked(|record| row_of(&record.transcript.get(seq)?.event, seq)));
    let card = |deliberate: Deliberate| {
        view! {
            <div class="card purpose">
                <b>"On purpose"</b>
                <Prose text=format!("{}.", deliberate.explanation)/>
                <small>{origin(&deliberate)}</small>
                {link
                    .map(|key| {
                        view! {
                            <button type="button" class="small" on:click=move |_| lab.inspect(key)>
                                "Go to it"
                            </button>
                        }
                    })}
            </div>
        }
    };
    did.into_iter().map(card).collect_view()
}

/// The row that shows what was done on purpose in an observation.
pub fn row_of(event: &Event, seq: Seq) -> Option<RowKey> {
    Some(match event {
        Event::Opening(_) | Event::Refusal(_) => RowKey::Response(seq),
        Event::Frame(_) => RowKey::Frame(seq),
        Event::Act(_) => RowKey::Act(seq),
        Event::Asked(_) => RowKey::Request(seq),
        Event::Tunnel(_) => RowKey::Tunnel(seq),
        Event::Records(_) | Event::Closed(_) => return None,
    })
}

fn origin(deliberate: &Deliberate) -> String {
    let rule = deliberate.rule.as_ref().map(|rule| format!("{}. ", citation(rule)));
    let who = match deliberate.by {
        Origin::Behaviour => format!("The connection’s settings ask for it: {}.", deliberate.what),
        Origin::Middlebox => "The box that the URL leads over does it.".into(),
        Origin::Console => "By hand: an observer of this session told the relay to.".into(),
    };
    rule.unwrap_or_default() + &who
}

pub fn citation(rule: &Citation) -> String {
    format!("RFC {} §{}", rule.rfc, rule.section)
}
