//! Saved replays.

use super::item::{Item, What, conversation};
use super::items::Items;
use crate::workbench::replay::Replay;
use leptos::prelude::*;

#[component]
pub(super) fn Replays() -> impl IntoView {
    let playing = RwSignal::new(None::<Item>);
    view! {
        <Items
            label="Saved replays"
            none="No replays are saved yet. Open Replay… on a recorded connection, and save it there."
            kind=|what| matches!(what, What::Replay(_))
            verb="Replay"
            act=Callback::new(move |item| playing.set(Some(item)))
        />
        {move || match playing.get().map(|item| item.what) {
            Some(What::Replay(said)) => view! { <Replay conversation=conversation(&said)/> }.into_any(),
            _ => ().into_any(),
        }}
    }
}
