//! The parts of the page that a person can point at.

pub mod banner;
pub mod behaviours;
pub mod challenge;
pub mod composer;
pub mod compression;
pub mod connect_bar;
pub mod console;
pub mod course;
pub mod inspector;
pub mod lifecycle;
pub mod next_messages;
pub mod playground;
pub mod recording;
pub mod row;
pub mod row_text;
pub mod sequence;
pub mod session_chip;
pub mod take_away;
pub mod way;
pub mod welcome;
