//! The page's clock.

use leptos::prelude::window;

/// Microseconds since the page began to load.
pub fn now_us() -> u64 {
    window().performance().map_or(0, |clock| (clock.now() * 1000.0) as u64)
}
