//! A frame composed bit by bit, for every view that sends one through the relay.

mod draft;
mod fields;
mod verdict;

pub use draft::FrameDraft;
pub use fields::FrameFields;
