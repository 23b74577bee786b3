//! Verdicts that only the relay can reach, because it tells nobody what they rest on.

use super::attempt::{Attempt, RelayReport};
use crate::net::api;
use curriculum::grade::Report;
use curriculum::page_run::PageRun;
use leptos::prelude::*;
use leptos::task::spawn_local;
use observation::Seq;
use serde::Serialize;
use std::time::Duration;

/// How long the page waits before it asks again, if the relay could not grade.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Serialize)]
struct Request {
    challenge: String,
    since: Seq,
    only_report: bool,
    told: Option<PageRun>,
}

/// Asks the relay each time something new has happened and no connection of the page is open.
pub fn follow(attempt: Attempt) {
    if !attempt.needs_relay() {
        return;
    }
    let again = Trigger::new();
    let asking = StoredValue::new(false);
    Effect::new(move || {
        again.track();
        let last = attempt.lab.record.with(|record| record.transcript.last());
        if asking.get_value() || last == Seq(0) || !attempt.has_settled() || attempt.is_decided() {
            return;
        }
        asking.set_value(true);
        spawn_local(async move {
            let since = attempt.since();
            let report = report(attempt, since).await;
            let is_graded = report.is_some();
            // The reader may have left the page.
            if asking.try_set_value(false).is_some() {
                return;
            }
            if let Some(report) = report {
                attempt.by_relay.set(Some(RelayReport { since, last, report }));
            }
            let pause = if is_graded { Duration::ZERO } else { PAUSE };
            set_timeout(move || again.notify(), pause);
        });
    });
}

async fn report(attempt: Attempt, since: Seq) -> Option<Report> {
    let wanted = Request { challenge: attempt.id(), since, only_report: true, told: attempt.page_report() };
    let session = attempt.session.get_value();
    let body = serde_json::to_string(&wanted).ok()?;
    let (_, body) = api::post(&format!("/api/sessions/{session}/receipts"), &body).await.ok()?;
    serde_json::from_str(&body).ok()
}
