//! The course: what it is made of, and how a challenge is graded on what was seen.
//!
//! The content is data, in `course/` or wherever `framescope serve --course` points. The relay reads it with the module
//! `load` (behind the feature of that name) and hands it to the page as the JSON of [`course`] and [`challenge`]. A challenge is
//! a list of [`check::Check`]s; [`grade::grade`] holds them against a session's transcript and what the page told of its own
//! run. Page and relay run the same function, so what the page calls passed is what the relay signs.
//!
//! | module | what it knows |
//! |---|---|
//! | [`course`] | the course, its lessons, and the blocks that a lesson is made of |
//! | [`challenge`] | a coding challenge as the page gets it |
//! | [`check`] | what a challenge may ask for |
//! | [`told`] | what the page saw of a run: events, console, the value returned |
//! | [`console`] | what a browser's console says of a failed WebSocket |
//! | [`given`] | values that every session gets its own of |
//! | [`grade`] | the verdict on each check, with what was found and where |
//! | `load` | the files of a course: read, checked and rendered |

pub mod challenge;
pub mod check;
pub mod console;
pub mod course;
pub mod given;
pub mod grade;
#[cfg(feature = "load")]
pub mod load;
pub mod told;
