//! Which of the pages the address names.

use super::list::List;
use super::page::ChallengePage;
use super::receipt::ReceiptPage;
use crate::app::TopBar;
use crate::ui::late_style::LateStyle;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};

pub fn area() -> AnyView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")));
    let path = use_location().pathname;
    let is_receipt = Memo::new(move |_| path.with(|path| path.starts_with("/receipt")));
    view! {
        <LateStyle>
            <TopBar/>
            {move || match (is_receipt.get(), id.get()) {
                (true, _) => view! { <ReceiptPage/> }.into_any(),
                (false, Some(id)) => view! { <ChallengePage id/> }.into_any(),
                (false, None) => view! { <List/> }.into_any(),
            }}
        </LateStyle>
    }
    .into_any()
}
