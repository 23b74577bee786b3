//! The course: loaded, checked and cached.

mod author;
pub(crate) mod library;

pub use author::{BeginError, Checked, begin, check};
pub use library::CourseError;
