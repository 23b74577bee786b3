//! A session and everything that can be seen of it. It knows no page: what a page shows in an empty sequence, it hands in.

mod decoded;
pub mod draft;
pub mod explain;
mod filter;
pub mod frame_composer;
pub mod inspector;
pub mod lifecycle;
pub mod receiver;
pub mod recorded_file;
mod row_text;
pub mod sequence;
pub mod store;

pub use row_text::Ends;
pub use store::record::Record;
pub use store::trouble::Trouble;
pub use store::{FeedState, Lab, Session};
