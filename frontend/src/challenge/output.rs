//! The output of a run: printed lines, the return value and images.

use crate::challenge::runner::{Image, Line, LineKind, Runner};
use crate::ui::format;
use curriculum::page_run::Level;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// How close to the end, in pixels, the console must be scrolled to follow new lines.
const NEAR: i32 = 8;

#[component]
pub fn Output() -> impl IntoView {
    let runner = expect_context::<Runner>();
    let count = Memo::new(move |_| runner.lines.with(Vec::len));
    let console = NodeRef::<html::Div>::new();
    let follows = StoredValue::new(true);
    let scrolled = move |_| {
        if let Some(console) = console.get_untracked() {
            follows.set_value(console.scroll_top() + console.client_height() + NEAR >= console.scroll_height());
        }
    };
    // Only the element knows its scroll position.
    Effect::new(move || {
        if count.get() == 0 {
            follows.set_value(true);
        } else {
            request_animation_frame(move || {
                // The reader may have scrolled since.
                let follows = follows.try_get_value() == Some(true);
                if let Some(console) = console.try_get_untracked().flatten().filter(|_| follows) {
                    console.set_scroll_top(console.scroll_height());
                }
            });
        }
    });
    let unprinted = move || {
        let more = runner.left_out();
        (more > 0).then(|| {
            let words = format!("{} not shown.", format::plural(more, "line"));
            view! { <p class="note">{words}</p> }
        })
    };
    let nothing =
        move || count.get() == 0 && runner.returned.with(Option::is_none) && runner.images.with(Vec::is_empty);
    view! {
        <section class="panel" aria-labelledby="output-title">
            <h2 id="output-title">"Output"</h2>
            <p class="muted" hidden=move || !nothing()>
                "Output from console.log, the return value and images from lab.show appear here."
            </p>
            <div
                class="printed"
                role="log"
                aria-label="Console"
                tabindex="0"
                hidden=move || count.get() == 0
                node_ref=console
                on:scroll=scrolled
            >
                <For each=move || 0..count.get() key=|index| *index children=move |index| {
                    // A line never changes. The next run removes all lines.
                    let line = runner.lines.with_untracked(|lines| lines.get(index).cloned());
                    line.map(|line| view! { <LineView line/> })
                }/>
            </div>
            {unprinted}
            {move || runner.returned.get().map(|value| view! {
                <h3>"Returned"</h3>
                <pre class="snippet" tabindex="0" role="region" aria-label="Returned value">
                    <code>{value}</code>
                </pre>
            })}
            <For each=move || runner.images.get() key=|image| image.url.as_str().to_owned() children=move |image| {
                view! { <Shown image/> }
            }/>
        </section>
    }
}

#[component]
fn LineView(line: Line) -> impl IntoView {
    let (class, who) = match line.kind {
        LineKind::Said(Level::Log) => ("line", None),
        LineKind::Said(Level::Warn) => ("line warn", Some("Warning: ")),
        LineKind::Said(Level::Error) => ("line bad", Some("Error: ")),
        LineKind::Note => ("line note", None),
    };
    view! {
        <p class=class>
            {who.map(|who| view! { <span class="hidden">{who}</span> })} {line.text}
        </p>
    }
}

#[component]
fn Shown(image: Image) -> impl IntoView {
    let runner = expect_context::<Runner>();
    let words = RwSignal::new(String::new());
    let url = image.url.as_str().to_owned();
    let (media_type, bytes) = (image.media_type, image.bytes);
    let (number, held) = (image.number + 1, StoredValue::new_local(image));
    let image_loaded = move |event: leptos::ev::Event| {
        let element = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlImageElement>().ok());
        let Some(element) = element else { return };
        let (width, height) = (element.natural_width(), element.natural_height());
        words.set(format!("{media_type}, {width} × {height}, {}", format::size(bytes)));
        held.with_value(|image| runner.image_loaded(image, width, height));
    };
    view! {
        <figure class="shown">
            <img src=url alt=format!("Image {number} that your code showed") on:load=image_loaded on:error=move |_| runner.image_failed()/>
            <figcaption class="muted">{words}</figcaption>
        </figure>
    }
}
