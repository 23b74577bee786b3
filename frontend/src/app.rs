//! The routes of the page.

use crate::challenge::ChallengeArea;
use crate::course::CoursePage;
use crate::embed::{EmbeddedChallenge, EmbeddedPiece, EmbeddedPlayground};
use crate::playground::page::PlaygroundPage;
use crate::recording::RecordingPage;
use crate::shell::not_found::NotFound;
use crate::site;
use crate::ui::arrival;
use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;

#[component]
pub fn App() -> impl IntoView {
    view! {
        <Router base=site::base()>
            <Arrivals/>
            <FlatRoutes fallback=NotFound>
                <Route path=path!("/") view=PlaygroundPage/>
                <Route path=path!("/s/:session") view=PlaygroundPage/>
                <Route path=path!("/recording") view=RecordingPage/>
                <Route path=path!("/challenges/:id?") view=ChallengeArea/>
                <Route path=path!("/receipt") view=ChallengeArea/>
                <Route path=path!("/course/:lesson?") view=CoursePage/>
                <Route path=path!("/embed/lesson/:lesson/:piece") view=EmbeddedPiece/>
                <Route path=path!("/embed/challenge/:id") view=EmbeddedChallenge/>
                <Route path=path!("/embed/playground") view=EmbeddedPlayground/>
            </FlatRoutes>
        </Router>
    }
}

#[component]
fn Arrivals() -> impl IntoView {
    arrival::follow();
}
