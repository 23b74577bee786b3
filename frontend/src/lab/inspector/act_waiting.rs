//! For what a rule holds: whether it still waits, and a button to decide about it.

use crate::lab::{Lab, Record};
use leptos::prelude::*;
use observation::{ConnectionNumber, Event, Seq};

/// What a page hands in: opens its view in which visitors decide about what is held, named by its connection and its number there.
#[derive(Clone, Copy)]
pub struct DecideHeld(pub Callback<(ConnectionNumber, u64)>);

#[component]
pub(super) fn Waiting(
    number: u64,
    seq: Seq,
    /// The words of the button.
    decide: &'static str,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let page = use_context::<DecideHeld>();
    let connection = lab.record.with_untracked(|record| record.transcript.get(seq).map(|seen| seen.connection));
    let waits =
        Memo::new(move |_| lab.record.with(|record| connection.is_some_and(|it| still_waits(record, it, number, seq))));
    move || {
        if !waits.get() {
            return view! { <p class="note">"It does not wait any more."</p> }.into_any();
        }
        let button = connection.zip(page).map(|(connection, DecideHeld(open))| {
            view! {
                <button type="button" class="small" on:click=move |_| open.run((connection, number))>
                    {decide}
                </button>
            }
        });
        view! { <p class="held-now">"It waits at the relay now. " {button}</p> }.into_any()
    }
}

/// Whether nothing has become of what is held since `seq`.
fn still_waits(record: &Record, connection: ConnectionNumber, number: u64, seq: Seq) -> bool {
    let over = |event: &Event| match event {
        Event::Closed(_) | Event::Refusal(_) => true,
        Event::Act(act) if act.refused.is_none() => {
            let message = act.intercepted.as_ref().and_then(|intercepted| intercepted.read().ok());
            let handshake = act.handshake.as_ref().and_then(|handshake| handshake.read().ok());
            message.is_some_and(|it| it.held == Some(number) && it.until_us.is_none())
                || handshake.is_some_and(|it| it.held == Some(number) && it.until_us.is_none())
        }
        _ => false,
    };
    !record.transcript.after(seq).any(|seen| seen.connection == connection && over(&seen.event))
}
