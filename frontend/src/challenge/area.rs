//! Chooses the page that the address names.

use super::list::List;
use super::page::ChallengePage;
use super::receipt::ReceiptPage;
use crate::shell::top_bar::TopBar;
use crate::site;
use crate::ui::fetched::TITLE;
use crate::ui::late_style::LateStyle;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};

pub fn area() -> AnyView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")));
    // Receipts have another route, and so another instance of this area.
    let is_receipt =
        use_location().pathname.with_untracked(|path| site::own(path).is_some_and(|own| own.starts_with("/receipt")));
    let top = (!site::is_embedded()).then(|| {
        view! {
            <a class="skip" href=format!("#{TITLE}")>
                {move || match (is_receipt, id.get()) {
                    (true, _) => "Skip to the receipt",
                    (false, Some(_)) => "Skip to the challenge",
                    (false, None) => "Skip to the challenges",
                }}
            </a>
            <TopBar/>
        }
    });
    view! {
        {top}
        <LateStyle>
            {move || match (is_receipt, id.get()) {
                (true, _) => view! { <ReceiptPage/> }.into_any(),
                (false, Some(id)) => view! { <ChallengePage id/> }.into_any(),
                (false, None) => view! { <List/> }.into_any(),
            }}
        </LateStyle>
    }
    .into_any()
}
