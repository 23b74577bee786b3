//! The parts of the page that a person can point at.

pub mod banner;
pub mod composer;
pub mod compression;
pub mod connect_bar;
pub mod inspector;
pub mod lifecycle;
pub mod playground;
pub mod row;
pub mod row_text;
pub mod sequence;
pub mod session_chip;
pub mod welcome;
