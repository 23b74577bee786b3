//! Filters that the browser keeps for the next visit.

use crate::lab::filter::MAX_FILTER;
use crate::ui::format;
use crate::ui::icon::{CLOSE, Icon};
use leptos::prelude::*;

/// Where the browser keeps them, as a list in JSON.
const KEY: &str = "framescope-filters";
/// The most that are kept. The oldest is dropped first.
const MAX: usize = 20;

#[component]
pub fn Saved(
    /// The filter as it is typed.
    text: RwSignal<String>,
    /// Called with a filter that was chosen.
    take: Callback<(String,)>,
) -> impl IntoView {
    let saved = RwSignal::new(load());
    let now = move || text.with(|text| text.trim().to_owned());
    let can_save = move || !now().is_empty() && saved.with(|saved| !saved.contains(&now()));
    let save = move |_| {
        if untrack(can_save) {
            saved.update(|saved| add(saved, untrack(now)));
            store(&saved.get_untracked());
        }
    };
    let row = move |filter: String| {
        let (chosen, gone) = (filter.clone(), filter.clone());
        let remove = move |_| {
            saved.update(|saved| saved.retain(|filter| *filter != gone));
            store(&saved.get_untracked());
        };
        view! {
            <li>
                <button type="button" class="mono one-line" on:click=move |_| take.run((chosen.clone(),))>
                    {format::one_line(&filter, 60)}
                </button>
                <button type="button" class="icon" aria-label=format!("Remove the filter {filter}") on:click=remove>
                    <Icon path=CLOSE/>
                </button>
            </li>
        }
    };
    view! {
        <div class="saved">
            <h3>"Saved in this browser"</h3>
            <button type="button" class="small" aria-disabled=move || (!can_save()).to_string() on:click=save>
                "Save this filter"
            </button>
        </div>
        <ul aria-label="Saved filters">{move || saved.get().into_iter().map(row).collect_view()}</ul>
    }
}

fn add(saved: &mut Vec<String>, filter: String) {
    saved.insert(0, filter);
    saved.truncate(MAX);
}

/// Other tabs and other versions write there too, so what is too long or no list is ignored.
fn load() -> Vec<String> {
    let text = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
    text.map(|text| read(&text)).unwrap_or_default()
}

fn read(text: &str) -> Vec<String> {
    let mut saved: Vec<String> = serde_json::from_str(text).unwrap_or_default();
    saved.retain(|filter| !filter.is_empty() && filter.len() <= MAX_FILTER);
    saved.truncate(MAX);
    saved
}

fn store(saved: &[String]) {
    if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(saved)) {
        // If the browser keeps nothing, the filters last as long as the page.
        let _ = storage.set_item(KEY, &text);
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_filters_are_kept_within_the_limits() {
        let mut saved = Vec::new();
        (0..=MAX).for_each(|n| add(&mut saved, format!("filter {n}")));
        assert_eq!((saved.len(), &*saved[0]), (MAX, "filter 20"));
        assert_eq!(read(&serde_json::to_string(&saved).unwrap()), saved);
        assert_eq!(read("no list"), Vec::<String>::new());
        assert_eq!(read(&format!(r#"["", "a", "{}"]"#, "x".repeat(MAX_FILTER + 1))), ["a"]);
    }
}
