//! `/embed/…`: one piece of the site inside a page of another site, without what surrounds it here.

mod frame;
mod height;
mod sandboxed;

use crate::challenge::ChallengeArea;
use crate::course::CoursePage;
use crate::playground::page::PlaygroundPage;
use crate::shell::theme;
use crate::ui::later::{Later, later};
use frame::frame;
use leptos::html;
use leptos::prelude::*;

later!(embed: fn(NodeRef<html::Div>, Fit) -> AnyView = frame);

/// How high the page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// As high as what it shows.
    Content,
    /// As high as the frame that it is in.
    Frame,
}

/// `/embed/lesson/{lesson}/{piece}`
#[component]
pub fn EmbeddedPiece() -> impl IntoView {
    view! { <Embedded fit=Fit::Content><CoursePage/></Embedded> }
}

/// `/embed/challenge/{challenge}`
#[component]
pub fn EmbeddedChallenge() -> impl IntoView {
    view! { <Embedded fit=Fit::Content><ChallengeArea/></Embedded> }
}

/// `/embed/playground`
#[component]
pub fn EmbeddedPlayground() -> impl IntoView {
    view! { <Embedded fit=Fit::Frame><PlaygroundPage/></Embedded> }
}

#[component]
fn Embedded(fit: Fit, children: Children) -> impl IntoView {
    theme::show_wanted();
    let root = NodeRef::<html::Div>::new();
    let part = Later::now(embed);
    view! {
        <div class="embedded" class:fills=fit == Fit::Frame node_ref=root>
            {children()}
            {move || part.draw(|draw| draw(root, fit))}
        </div>
    }
}
