//! `/challenges/{id}`: fetches the challenge and finds or creates a session for it.

use super::work::Work;
use crate::challenge::attempt::{self, Attempt};
use crate::course::progress::Progress;
use crate::net::api::{self, ApiError};
use crate::ui::arrival::title;
use crate::ui::fetched::Fetched;
use curriculum::challenge::{Challenge, Summary};
use curriculum::course::Course;
use leptos::prelude::*;
use observation::{Seq, SessionId};

#[derive(Clone)]
struct Found {
    challenge: Challenge,
    /// The id of its course.
    course: String,
    next: Option<Summary>,
    session: SessionId,
    since: Seq,
}

#[component]
pub fn ChallengePage(id: String) -> impl IntoView {
    let progress = Progress::provided();
    let found = Fetched::new(move || Box::pin(find(id.clone())));
    let renewed = RwSignal::new(false);
    move || {
        found.draw("The challenge", "The challenge", |found_now| {
            let Found { challenge, course, next, session, since } = (*found_now).clone();
            title(&challenge.summary.title);
            progress.enter(&course);
            let attempt = Attempt::new(challenge, session, since);
            attempt.remember();
            // The code is in the browser's storage, so the page can start over without losing it.
            attempt.lab.on_expired(move || {
                renewed.set(true);
                found.again();
            });
            let new_session = move || {
                renewed.set(false);
                found.again();
            };
            view! { <Work attempt next renewed new_session/> }.into_any()
        })
    }
}

async fn find(id: String) -> Result<Found, ApiError> {
    let challenge = api::read::<Challenge>(&format!("/api/course/challenges/{id}")).await?;
    let course = api::read::<Course>("/api/course").await?;
    let next = course.challenges.iter().skip_while(|other| other.id != id).nth(1).cloned();
    let remembered = match attempt::remembered(&id) {
        Some((session, since)) => match api::find_session(&session).await {
            Ok(()) => Some((session, since)),
            Err(ApiError::Unknown) => None,
            // The attempt is not lost, only out of reach.
            Err(error) => return Err(error),
        },
        None => None,
    };
    let (session, since) = match remembered {
        Some(found) => found,
        None => (api::create_session().await?, Seq(0)),
    };
    Ok(Found { challenge, course: course.id, next, session, since })
}
