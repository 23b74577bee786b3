//! The course: its content, and how challenges are graded.
//!
//! The content is data: the files in `course/`, or in the folder that `framescope serve --course` names. The relay reads it with
//! the module `load` (behind the feature of that name) and sends it to the page as the JSON of [`course`] and [`challenge`]. A
//! challenge is a list of [`check::Check`]s. [`grade::grade`] compares them with the transcript of a session and with what the
//! page recorded of its run. The page and the relay run the same function, so they agree on what has passed.
//!
//! | module | content |
//! |---|---|
//! | [`course`] | the course, its lessons, and the blocks of a lesson |
//! | [`glossary`] | the terms of the course |
//! | [`challenge`] | a coding challenge, as the page gets it |
//! | [`check`] | the conditions that a challenge can set |
//! | [`page_run`] | what the page recorded of a run: events, console output, the returned value |
//! | [`console`] | messages of browser consoles about failed WebSockets |
//! | [`starter`] | code for the reader's own machine |
//! | [`values`] | values that are different for each session |
//! | [`grade`] | the verdict on each check, with what was found and where |
//! | `load` | the files of a course: read, checked and rendered |

pub mod challenge;
pub mod check;
pub mod console;
pub mod course;
pub mod glossary;
pub mod grade;
#[cfg(feature = "load")]
pub mod load;
pub mod page_run;
pub mod starter;
pub mod values;
