//! A second inflater to compare the first with, written only from RFC 1951. It is slow, and keeps all its output.

#[derive(Default)]
pub(crate) struct Reference {
    made: Vec<u8>,
    /// The largest distance of a reference, in bytes.
    pub(crate) farthest: usize,
}

/// A set of codes by their lengths. RFC 1951 §3.2.2.
struct Codes {
    /// How many codes have each length.
    counts: [usize; 16],
    /// Their symbols, in the order of the codes.
    symbols: Vec<usize>,
}

struct Bits<'b> {
    bytes: &'b [u8],
    /// The number of bits read.
    at: usize,
}

const LENGTHS: [(usize, usize); 29] = {
    let mut table = [(0, 0); 29];
    let mut base = 3;
    let mut n = 0;
    while n < 28 {
        let extra = if n < 8 { 0 } else { n / 4 - 1 };
        table[n] = (base, extra);
        base += 1 << extra;
        n += 1;
    }
    table[28] = (258, 0);
    table
};
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

impl Reference {
    /// The content of the next message, inflated from its payload as in RFC 7692 §7.2.2. `None` if the payload does not inflate, or
    /// if the tail does not end an empty uncompressed block as in §7.2.1.
    pub(crate) fn message(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        let before = self.made.len();
        let bytes = [payload, &[0x00, 0x00, 0xff, 0xff]].concat();
        let mut bits = Bits { bytes: &bytes, at: 0 };
        let mut ends_empty = false;
        while bits.at < 8 * bytes.len() {
            let start = self.made.len();
            let last = bits.take(1)? == 1;
            let kind = bits.take(2)?;
            match kind {
                0 => self.stored(&mut bits)?,
                1 => {
                    let literals = [&[8; 144][..], &[9; 112], &[7; 24], &[8; 8]].concat();
                    self.coded(&mut bits, &Codes::new(&literals, false)?, &Codes::new(&[5; 32], false)?)?;
                }
                2 => {
                    let (literals, distances) = bits.codes()?;
                    self.coded(&mut bits, &literals, &distances)?;
                }
                _ => return None,
            }
            ends_empty = kind == 0 && self.made.len() == start;
            if last {
                // The next block follows the padding. RFC 7692 §7.2.1.
                bits.align();
            }
        }
        ends_empty.then(|| self.made[before..].to_vec())
    }

    fn stored(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        bits.align();
        let (len, complement) = (bits.take(16)?, bits.take(16)?);
        if len != complement ^ 0xffff {
            return None;
        }
        for _ in 0..len {
            let byte = bits.take(8)?;
            self.made.push(byte as u8);
        }
        Some(())
    }

    fn coded(&mut self, bits: &mut Bits<'_>, literals: &Codes, distances: &Codes) -> Option<()> {
        loop {
            let symbol = bits.symbol(literals)?;
            if symbol < 256 {
                self.made.push(symbol as u8);
                continue;
            }
            if symbol == 256 {
                return Some(());
            }
            let (base, extra) = *LENGTHS.get(symbol - 257)?;
            let length = base + bits.take(extra)?;
            let symbol = bits.symbol(distances)?;
            let (base, extra) = match symbol {
                0..=3 => (symbol + 1, 0),
                4..=29 => (((2 + symbol % 2) << (symbol / 2 - 1)) + 1, symbol / 2 - 1),
                _ => return None,
            };
            let distance = base + bits.take(extra)?;
            self.farthest = self.farthest.max(distance);
            let start = self.made.len().checked_sub(distance)?;
            (start..start + length).for_each(|at| self.made.push(self.made[at]));
        }
    }
}

impl Codes {
    /// `None` for sets that zlib refuses: too many codes, or too few if the codes need more than one bit.
    fn new(lengths: &[usize], of_lengths: bool) -> Option<Self> {
        let mut counts = [0; 16];
        lengths.iter().for_each(|&length| counts[length] += 1);
        counts[0] = 0;
        let mut left = 1_usize;
        for count in &counts[1..] {
            left = (2 * left).checked_sub(*count)?;
        }
        let longest = counts.iter().rposition(|&count| count > 0).unwrap_or(0);
        if left > 0 && longest > 0 && (of_lengths || longest > 1) {
            return None;
        }
        let of_length = |wanted| (0..lengths.len()).filter(move |&symbol| lengths[symbol] == wanted);
        Some(Self { counts, symbols: (1..16).flat_map(of_length).collect() })
    }
}

impl Bits<'_> {
    /// The next `count` bits as a number, least significant bit first.
    fn take(&mut self, count: usize) -> Option<usize> {
        let mut number = 0;
        for n in 0..count {
            let bit = self.bytes.get(self.at / 8)? >> (self.at % 8) & 1;
            number |= usize::from(bit) << n;
            self.at += 1;
        }
        Some(number)
    }

    fn align(&mut self) {
        self.at = self.at.next_multiple_of(8);
    }

    /// The next code, which starts with its most significant bit.
    fn symbol(&mut self, codes: &Codes) -> Option<usize> {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in &codes.counts[1..] {
            code |= self.take(1)?;
            if code < first + count {
                return codes.symbols.get(index + code - first).copied();
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }

    /// The codes that a block defines. RFC 1951 §3.2.7.
    fn codes(&mut self) -> Option<(Codes, Codes)> {
        let (literals, distances, lengths) = (self.take(5)? + 257, self.take(5)? + 1, self.take(4)? + 4);
        if literals > 286 || distances > 30 {
            return None;
        }
        let mut of_lengths = [0; 19];
        for at in &ORDER[..lengths] {
            of_lengths[*at] = self.take(3)?;
        }
        let of_lengths = Codes::new(&of_lengths, true)?;
        let mut all = Vec::new();
        while all.len() < literals + distances {
            let (length, times) = match self.symbol(&of_lengths)? {
                16 => (*all.last()?, 3 + self.take(2)?),
                17 => (0, 3 + self.take(3)?),
                18 => (0, 11 + self.take(7)?),
                length => (length, 1),
            };
            all.extend(std::iter::repeat_n(length, times));
        }
        // A block must be able to end.
        if all.len() > literals + distances || all[256] == 0 {
            return None;
        }
        Some((Codes::new(&all[..literals], false)?, Codes::new(&all[literals..], false)?))
    }
}
