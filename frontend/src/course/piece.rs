//! The frame around each piece of a lesson: its kind, its title, a link to it, and whether it is done.

use super::reading::Reading;
use crate::ui::embed_button::EmbedButton;
use crate::ui::icon::{CHECK, Icon};
use leptos::prelude::*;

#[component]
pub(super) fn Piece(
    id: String,
    /// The CSS class, and the kind of the piece for the reader.
    class: &'static str,
    kind: &'static str,
    #[prop(optional_no_strip)] title: Option<String>,
    children: Children,
) -> impl IntoView {
    let reading = expect_context::<Reading>();
    let known = id.clone();
    let done = Memo::new(move |_| reading.is_done(&known));
    let embed = (reading.path_of(&id), title.clone().unwrap_or_else(|| kind.to_owned()));
    let (label, anchor) = (format!("{id}-title"), format!("#{id}"));
    let labelled = label.clone();
    // One level below the section's heading. A question has no title, because its text follows.
    let heading = match title {
        None => view! { <span id=label class="hidden">{kind}</span> }.into_any(),
        Some(title) if reading.is_sectioned() => view! { <h3 id=label>{title}</h3> }.into_any(),
        Some(title) => view! { <h2 id=label>{title}</h2> }.into_any(),
    };
    view! {
        <div class=format!("piece {class}") id=id tabindex="-1" role="group" aria-labelledby=labelled>
            <div class="piece-head">
                <span class="kind">{kind}</span>
                {heading}
                <a class="anchor" href=anchor aria-label="Link to this piece">
                    "#"
                </a>
                <span class="grow"></span>
                <span class="done" role="status">
                    {move || done.get().then(|| view! { <Icon path=CHECK/> "done" })}
                </span>
                <EmbedButton path=embed.0 title=embed.1 height=520/>
            </div>
            {children()}
        </div>
    }
}
