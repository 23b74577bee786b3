//! A deliberate act: what was done, who asked for it, and the rule that it concerns.

use crate::lab::Lab;
use crate::ui::prose::Prose;
use leptos::prelude::*;
use observation::sequence::RowKey;
use observation::{Citation, Deliberate, Event, Origin, Seq};

/// A card for each deliberate act.
#[component]
pub fn DeliberateActs(
    did: Vec<Deliberate>,
    /// The observation that shows the act, if another one is inspected.
    #[prop(default = None)]
    at: Option<Seq>,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let link = at.and_then(|seq| lab.record.with_untracked(|record| row_of(&record.transcript.get(seq)?.event, seq)));
    let card = |deliberate: Deliberate| {
        view! {
            <div class="card purpose">
                <b>"Deliberate"</b>
                <Prose text=format!("{}.", deliberate.explanation)/>
                <small>{origin(&deliberate)}</small>
                {link
                    .map(|key| {
                        view! {
                            <button type="button" class="small" on:click=move |_| lab.inspect(key)>
                                "Show"
                            </button>
                        }
                    })}
            </div>
        }
    };
    did.into_iter().map(card).collect_view()
}

/// The row of a deliberate act.
pub fn row_of(event: &Event, seq: Seq) -> Option<RowKey> {
    Some(match event {
        Event::Opening(_) | Event::Refusal(_) => RowKey::Response(seq),
        Event::Frame(_) => RowKey::Frame(seq),
        Event::Act(_) => RowKey::Act(seq),
        Event::Asked(_) => RowKey::Request(seq),
        Event::Tunnel(_) => RowKey::Tunnel(seq),
        Event::Records(_) | Event::Closed(_) | Event::Note(_) => return None,
    })
}

fn origin(deliberate: &Deliberate) -> String {
    let rule = deliberate.rule.as_ref().map(|rule| format!("{}. ", citation(rule)));
    let who = match deliberate.by {
        Origin::Behaviour => format!("The connection’s settings ask for this: {}.", deliberate.what),
        Origin::Middlebox => "The middlebox on the path does this.".into(),
        Origin::Limit => "A limit of the relay was reached. Nobody asked for this.".into(),
        Origin::Rule => "A rule of this session, or an observer’s decision about what the rule held.".into(),
        Origin::Console => "By hand: an observer of this session sent the command.".into(),
    };
    rule.unwrap_or_default() + &who
}

pub fn citation(rule: &Citation) -> String {
    format!("RFC {} §{}", rule.rfc, rule.section)
}
