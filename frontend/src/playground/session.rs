//! Making the session of a playground.

use crate::lab::Lab;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

/// Makes a session and goes to its address, where a reload finds it again. The setup in the link stays in the address.
pub fn start_session(lab: Lab) {
    let navigate = use_navigate();
    let fragment = use_location().hash.get_untracked();
    lab.create_session(move |id| {
        navigate(&format!("/s/{id}{fragment}"), NavigateOptions { replace: true, ..NavigateOptions::default() });
    });
}
