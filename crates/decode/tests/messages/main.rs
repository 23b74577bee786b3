//! What is decoded of real messages, of broken ones, and of any bytes.

mod broken;
pub mod fuzzing;
mod samples;
