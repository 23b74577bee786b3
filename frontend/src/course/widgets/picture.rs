//! Generates a small PNG (third edition) with uncompressed pixels.

/// Width and height in pixels.
const SIDE: usize = 16;

/// A picture that depends on `seed`. Its left and right halves are mirrored, which makes it recognizable.
pub(super) fn picture(seed: u32) -> Vec<u8> {
    let mut state = seed.max(1);
    let mut random = move || {
        // xorshift32.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    let colors: [[u8; 3]; 2] =
        [[0xF5, 0xF6, 0xF9], random().to_be_bytes()[..3].try_into().unwrap_or([0x24, 0x56, 0xE6])];
    let mut rows = Vec::with_capacity(SIDE * (1 + SIDE * 3));
    for _ in 0..SIDE / 2 {
        let bits = random();
        let mut row = vec![0];
        for column in 0..SIDE / 2 {
            let mirrored = column.min(SIDE / 2 - 1 - column);
            let pixel = colors[(bits >> (mirrored * 3) & 1) as usize];
            // Double each pixel to make it easier to see.
            row.extend([pixel, pixel].concat());
        }
        rows.extend_from_slice(&row);
        rows.extend_from_slice(&row);
    }
    png(&rows)
}

fn png(rows: &[u8]) -> Vec<u8> {
    let side = (SIDE as u32).to_be_bytes();
    let header = [&side[..], &side[..], &[8, 2, 0, 0, 0]].concat();
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", header), (b"IDAT", stored(rows)), (b"IEND", Vec::new())] {
        png.extend((data.len() as u32).to_be_bytes());
        let checked = [&kind[..], &data].concat();
        png.extend_from_slice(&checked);
        png.extend(crc32(&checked).to_be_bytes());
    }
    png
}

/// A zlib stream with one uncompressed deflate block. RFC 1950, RFC 1951 §3.2.4.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len() as u16;
    let mut out = vec![0x78, 0x01, 0x01];
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend_from_slice(bytes);
    let (mut a, mut b) = (1_u32, 0_u32);
    for &byte in bytes {
        a = (a + u32::from(byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    out.extend((b << 16 | a).to_be_bytes());
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0_u32, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksums_match_the_standards() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(stored(b"Wikipedia")[3 + 4 + 9..], 0x11E6_0398_u32.to_be_bytes());
        assert!(picture(7).starts_with(b"\x89PNG"));
        assert_ne!(picture(7), picture(8));
    }
}
