//! Line numbers of offsets in a text.

/// The offsets where the lines of a text start.
#[derive(Debug)]
pub struct Lines {
    starts: Vec<usize>,
    /// The number of the first line.
    first: usize,
}

impl Lines {
    /// The lines of `text`, which starts in line `first` of its file.
    pub fn of(text: &str, first: usize) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { starts: std::iter::once(0).chain(ends).collect(), first }
    }

    /// The line of the byte at `offset`.
    pub fn at(&self, offset: usize) -> usize {
        self.first + self.starts.partition_point(|&start| start <= offset).saturating_sub(1)
    }
}
