//! In which line something stands.

/// Where the lines of a text begin.
#[derive(Debug)]
pub(super) struct Lines {
    starts: Vec<usize>,
    /// The number of the first.
    first: usize,
}

impl Lines {
    /// Those of `text`, which begins in the line `first` of its file.
    pub(super) fn of(text: &str, first: usize) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { starts: std::iter::once(0).chain(ends).collect(), first }
    }

    /// The line of the byte at `offset`.
    pub(super) fn at(&self, offset: usize) -> usize {
        self.first + self.starts.partition_point(|&start| start <= offset).saturating_sub(1)
    }
}
