//! Chooses the connection that the relay sends on.

use crate::lab::receiver::Receiver;
use leptos::prelude::*;
use observation::ConnectionNumber;

#[component]
pub(super) fn ReceiverChoice(
    /// The open connections, sorted by number.
    all: Memo<Vec<Receiver>>,
    chosen: Memo<Option<Receiver>>,
    wanted: RwSignal<Option<ConnectionNumber>>,
) -> impl IntoView {
    let choose = move |event: web_sys::Event| wanted.set(event_target_value(&event).parse().ok().map(ConnectionNumber));
    move || match &all.get()[..] {
        [] => "no connection".into_any(),
        [only] => only.name.clone().into_any(),
        several => {
            let option = |receiver: &Receiver| {
                let number = receiver.number();
                let selected = move || chosen.with(|chosen| chosen.as_ref().map(Receiver::number)) == Some(number);
                view! { <option value=number.0.to_string() prop:selected=selected>{receiver.name.clone()}</option> }
            };
            view! {
                <select class="pick" aria-label="Connection" on:change=choose>
                    {several.iter().map(option).collect_view()}
                </select>
            }
            .into_any()
        }
    }
}
