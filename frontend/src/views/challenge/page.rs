//! `/challenges/{id}`: fetches the challenge, and has a session for it.

use super::work::Work;
use crate::net::api::{self, ApiError};
use crate::store::attempt::{self, Attempt};
use crate::store::progress::Progress;
use curriculum::challenge::{Challenge, Summary};
use curriculum::course::Course;
use leptos::prelude::*;
use leptos::task::spawn_local;
use observation::{Seq, SessionId};

#[derive(Clone)]
enum Stage {
    Coming,
    Missing(String),
    Here { challenge: Box<Challenge>, next: Option<Summary>, session: SessionId, since: Seq },
}

#[component]
pub fn ChallengePage(id: String) -> impl IntoView {
    let stage = RwSignal::new(Stage::Coming);
    let progress = Progress::provided();
    let id = StoredValue::new(id);
    let begin = move || {
        stage.set(Stage::Coming);
        spawn_local(async move {
            let id = id.get_value();
            let found = find(&id, progress).await.unwrap_or_else(Stage::Missing);
            // The page may have been left meanwhile.
            let _ = stage.try_set(found);
        });
    };
    begin();
    move || match stage.get() {
        Stage::Coming => view! { <main class="challenge"><p class="note coming">"Loading…"</p></main> }.into_any(),
        Stage::Missing(words) => view! {
            <main class="lost">
                <h1>"This challenge did not come"</h1>
                <p role="alert">{words}</p>
                <button type="button" class="primary" on:click=move |_| begin()>
                    "Try again"
                </button>
                <a href="/challenges">"All challenges"</a>
            </main>
        }
        .into_any(),
        Stage::Here { challenge, next, session, since } => {
            let attempt = Attempt::new(*challenge, session, since);
            attempt.remember();
            view! { <Work attempt next begin_anew=begin/> }.into_any()
        }
    }
}

async fn find(id: &str, progress: Progress) -> Result<Stage, String> {
    let words = |error: ApiError| error.words("The challenge");
    let challenge = api::read::<Challenge>(&format!("/api/course/challenges/{id}")).await.map_err(words)?;
    let course = api::read::<Course>("/api/course").await.map_err(words)?;
    progress.enter(&course.id);
    let next = course.challenges.iter().skip_while(|other| other.id != id).nth(1).cloned();
    let (session, since) = match attempt::remembered(id) {
        Some((session, since)) if api::find_session(&session).await.is_ok() => (session, since),
        _ => (api::create_session().await.map_err(words)?, Seq(0)),
    };
    Ok(Stage::Here { challenge: Box::new(challenge), next, session, since })
}
