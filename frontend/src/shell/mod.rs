//! What surrounds every page. Pages put their own content into it; it knows none of them.

mod navigation;
pub mod not_found;
pub mod notice;
pub mod theme;
pub mod top_bar;
