//! Making the session of a playground.

use crate::lab::Lab;
use crate::site;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use observation::SessionId;

/// The session of an embedded playground. A reload makes a new one.
#[derive(Clone, Copy, Default)]
pub struct EmbeddedSession(RwSignal<Option<SessionId>>);

impl EmbeddedSession {
    pub fn name(self) -> Option<String> {
        self.0.with(|session| session.as_ref().map(SessionId::to_string))
    }
}

/// Makes a session and goes to its address, where a reload finds it again. The setup in the link stays in the address.
pub fn start_session(lab: Lab) {
    if site::is_embedded() {
        let EmbeddedSession(session) = expect_context();
        // The page may have been left meanwhile.
        return lab.create_session(move |id| drop(session.try_set(Some(id))));
    }
    let navigate = use_navigate();
    let fragment = use_location().hash.get_untracked();
    lab.create_session(move |id| {
        navigate(&format!("/s/{id}{fragment}"), NavigateOptions { replace: true, ..NavigateOptions::default() });
    });
}
