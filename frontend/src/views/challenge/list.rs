//! The list of all challenges.

use super::outline;
use crate::net::api::{self, ApiError};
use crate::store::progress::Progress;
use crate::ui::icon::{CHECK, Icon};
use crate::ui::prose::Prose;
use curriculum::challenge::Summary;
use curriculum::course::Course;
use leptos::prelude::*;
use leptos::task::spawn_local;

#[component]
pub fn List() -> impl IntoView {
    let course = RwSignal::new(None::<Result<Course, ApiError>>);
    let progress = Progress::provided();
    let fetch = move || {
        course.set(None);
        spawn_local(async move {
            let said = api::read::<Course>("/api/course").await;
            if let Ok(course) = &said {
                progress.enter(&course.id);
            }
            // The page may have been left meanwhile.
            let _ = course.try_set(Some(said));
        });
    };
    fetch();
    view! {
        <main class="challenges">
            <h1>"Challenges"</h1>
            <p class="muted">
                "Write code, run it, and see on the wire what it did. Every challenge is graded on what the relay saw; most can be solved in any language."
            </p>
            {move || course.with(|course| match course {
                None => view! { <p class="note coming">"Loading…"</p> }.into_any(),
                Some(Err(error)) => {
                    let words = error.words("The list of challenges");
                    view! {
                        <p class="card bad" role="alert">
                            {words}
                            <button type="button" class="small" on:click=move |_| fetch()>
                                "Try again"
                            </button>
                        </p>
                    }
                        .into_any()
                }
                Some(Ok(course)) => {
                    let items = course.challenges.iter().cloned();
                    view! {
                        <ol class="challenge-list">
                            {items.map(|summary| view! { <Item summary progress/> }).collect_view()}
                        </ol>
                    }
                        .into_any()
                }
            })}
            <p>
                <a href="/receipt">"Check a receipt"</a>
            </p>
        </main>
    }
}

#[component]
fn Item(summary: Summary, progress: Progress) -> impl IntoView {
    let Summary { id, title, summary, level, place } = summary;
    let name = id.clone();
    let passed = Memo::new(move |_| progress.challenge_passed(&name));
    view! {
        <li>
            <a href=format!("/challenges/{id}")>
                <span class="mark" class:met=move || passed.get()>
                    {move || passed.get().then(|| view! { <Icon path=CHECK/> })}
                </span>
                <span class="what">
                    <b>{title}</b>
                    <Prose text=summary/>
                    <span class="muted">
                        {outline::level(level)} " · " {outline::place(place)}
                        {move || if passed.get() { " · passed" } else { " · not passed yet" }}
                    </span>
                </span>
            </a>
        </li>
    }
}
