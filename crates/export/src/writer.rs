//! The interface of a file format.

use observation::Observation;

/// Writes a file in one format.
pub(crate) trait Writer {
    /// Adds the next observation. They come in the order of their numbers.
    fn observe(&mut self, observation: &Observation, out: &mut Vec<u8>);

    /// Writes the end of the file.
    fn finish(&mut self, out: &mut Vec<u8>);
}
