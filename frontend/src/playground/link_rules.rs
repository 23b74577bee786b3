//! The rules of a link: a session that has none yet gets them.

use crate::net::api;
use crate::ui::later::later;
use leptos::prelude::*;
use leptos::task::spawn_local;
use observation::SessionId;

later!(link_rules: fn(SessionId, String, RwSignal<Vec<String>>) = set);

/// Sets the rules of a link, as JSON. If that fails, says why in `left_out`.
pub fn set_rules_of_link(session: SessionId, rules: String, left_out: RwSignal<Vec<String>>) {
    spawn_local(async move {
        match link_rules().await {
            Ok(set) => set(session, rules, left_out),
            Err(_) => failed(left_out, "a part of the page failed to load"),
        }
    });
}

fn failed(left_out: RwSignal<Vec<String>>, why: &str) {
    // The page may have been left meanwhile.
    let _ = left_out.try_update(|left_out| left_out.push(format!("the rules ({why})")));
}

fn set(session: SessionId, rules: String, left_out: RwSignal<Vec<String>>) {
    spawn_local(async move {
        let path = format!("/api/sessions/{session}/rules");
        // After a reload, the session has its rules, and the visitor may have changed them.
        let are_there = api::read::<serde_json::Value>(&path)
            .await
            .is_ok_and(|told| told.as_array().is_some_and(|rules| !rules.is_empty()));
        if are_there {
            return;
        }
        match api::put(&path, &rules).await {
            Ok((200, _)) => {}
            Ok((status, body)) => failed(left_out, &api::words_of(status, &body)),
            Err(_) => failed(left_out, "the relay does not answer"),
        }
    });
}
