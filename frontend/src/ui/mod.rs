//! What several views are made of.

pub mod arrival;
pub mod bit_grid;
pub mod chosen_file;
pub mod clipboard;
pub mod clock;
pub mod copy_button;
pub mod embed_button;
pub mod enter;
pub mod fetched;
pub mod field;
pub mod focus;
pub mod format;
pub mod hex;
pub mod icon;
pub mod late_style;
pub mod later;
pub mod object_url;
pub mod offer;
pub mod prose;
pub mod rendered;
pub mod scope;
pub mod sheet;
pub mod show_more;
pub mod tabs;
pub mod text_input;
