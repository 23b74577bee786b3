//! Reads TOML that people write, field by field: each problem has a line number and says what would be right, and unknown fields are
//! found. Lessons and challenges are read this way, and scenarios of `framescope check`.
//!
//! | module | content |
//! |---|---|
//! | [`fields`] | the fields of a table, taken one by one |
//! | [`problem`] | what is wrong, where, and how to correct it |
//! | [`lines`] | line numbers of offsets in a text |
//! | `dots` | the limit on dots in keys |

mod dots;
pub mod fields;
pub mod lines;
pub mod problem;

pub use fields::{Fields, Item, Text, Toml, Value, list_names};
pub use lines::Lines;
pub use problem::{Problem, Problems, did_you_mean};
