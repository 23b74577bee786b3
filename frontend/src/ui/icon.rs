//! The icons of the page.

use leptos::prelude::*;

#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" class="logo">
            <rect x="2" y="4" width="20" height="16" rx="4" fill="none" stroke="currentColor" stroke-width="2"></rect>
            <path d="M2 10h20M9 10v10M15 10v10" stroke="currentColor" stroke-width="2" fill="none"></path>
        </svg>
    }
}

/// A stroke icon from one path on a 16 × 16 grid.
#[component]
pub fn Icon(path: &'static str) -> impl IntoView {
    view! {
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" class="icon-svg">
            <path d=path fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"></path>
        </svg>
    }
}

pub const UP: &str = "M3.5 10 8 5.5 12.5 10";
pub const DOWN: &str = "M3.5 6 8 10.5 12.5 6";
pub const BACK: &str = "M9.5 3.5 5 8l4.5 4.5";
pub const CLOSE: &str = "M4 4l8 8M12 4l-8 8";
pub const EXPORT: &str = "M8 2.5v7M5 6.8 8 9.8l3-3M3 13h10";
pub const COPY: &str = "M6 6h7v7H6zM3 10V3h7";
pub const EYE: &str = "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM10 8a2 2 0 1 1-4 0 2 2 0 0 1 4 0z";
pub const CHECK: &str = "M3 8.5 6.5 12 13 4.5";
pub const MOON: &str = "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z";
pub const SUN: &str =
    "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1";
