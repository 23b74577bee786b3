//! What several views are made of.

pub mod bit_grid;
pub mod field;
pub mod focus;
pub mod format;
pub mod hex;
pub mod icon;
pub mod object_url;
pub mod prose;
pub mod tabs;
pub mod theme;
