//! The list of all challenges.

use super::outline;
use crate::course::progress::Progress;
use crate::site;
use crate::ui::arrival::title;
use crate::ui::fetched::{Fetched, TITLE, read};
use crate::ui::icon::{CHECK, Icon};
use crate::ui::prose::Prose;
use curriculum::challenge::Summary;
use curriculum::course::Course;
use leptos::prelude::*;

#[component]
pub fn List() -> impl IntoView {
    title("Challenges");
    let course = Fetched::<Course>::new(|| read("/api/course"));
    let progress = Progress::provided();
    move || {
        course.draw("Challenges", "The list of challenges", |course| {
            progress.enter(&course.id);
            let items = course.challenges.clone().into_iter();
            view! {
                <main class="challenges">
                    <h1 id=TITLE tabindex="-1">"Challenges"</h1>
                    <p class="muted">
                        "Write code, run it, and see what it did on the wire. Each challenge is graded on what the relay saw. You can solve most of them in any language."
                    </p>
                    <ol class="challenge-list">
                        {items.map(|summary| view! { <Item summary progress/> }).collect_view()}
                    </ol>
                    <p>
                        <a href=site::path("/receipt")>"Check a receipt"</a>
                    </p>
                </main>
            }
            .into_any()
        })
    }
}

#[component]
fn Item(summary: Summary, progress: Progress) -> impl IntoView {
    let Summary { id, title, summary, level, minutes, place } = summary;
    let name = id.clone();
    let passed = Memo::new(move |_| progress.challenge_passed(&name));
    view! {
        <li>
            <a href=site::path(&format!("/challenges/{id}"))>
                <span class="mark" class:met=move || passed.get()>
                    {move || passed.get().then(|| view! { <Icon path=CHECK/> })}
                </span>
                <span class="what">
                    <b>{title}</b>
                    <Prose text=summary/>
                    <span class="muted">
                        {format!("{minutes} min · ")} {outline::level(level)} " · " {outline::place(place)}
                        {move || if passed.get() { " · passed" } else { " · not passed yet" }}
                    </span>
                </span>
            </a>
        </li>
    }
}
