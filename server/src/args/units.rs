//! Parses sizes and times.

use std::str::FromStr;
use std::time::Duration;

const SIZES: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];
const TIMES: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

/// `65536`, `64KiB`, `16MiB`, `1GiB`.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let (number, unit) =
        SIZES.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit))).unwrap_or((text, 1));
    product(number, unit).ok_or_else(|| "expected a size such as 65536, 64KiB or 16MiB".to_owned())
}

/// `250ms`, `30s`, `5m`, `1h`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let split = TIMES.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)));
    let millis = split.and_then(|(number, unit)| product(number, unit));
    // The limit of a year keeps every deadline within the range of the clock.
    let millis = millis.filter(|millis| (1..=365 * 24 * 3_600_000).contains(millis));
    millis.map(Duration::from_millis).ok_or_else(|| "expected a time such as 250ms, 30s, 5m or 1h".to_owned())
}

/// The same, or `0s`.
pub(crate) fn duration_or_zero(text: &str) -> Result<Duration, String> {
    if text == "0s" { Ok(Duration::ZERO) } else { duration(text) }
}

/// A number of digits only. `str::parse` alone also takes a plus sign.
pub(crate) fn digits<N: FromStr>(text: &str) -> Option<N> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn product(number: &str, unit: u64) -> Option<u64> {
    digits::<u64>(number.trim())?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let read = ["0", "17", "17B", "64KiB", "16 MiB", "1GiB"].map(|text| bytes(text).unwrap());
        assert_eq!(read, [0, 17, 17, 65_536, 16_777_216, 1_073_741_824]);
        for wrong in ["", "KiB", "-1", "+1", "1.5MiB", "16MB", "99999999999GiB"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times() {
        let read = ["250ms", "30s", "5m", "1h"].map(|text| duration(text).unwrap().as_millis());
        assert_eq!(read, [250, 30_000, 300_000, 3_600_000]);
        for wrong in ["", "5", "0s", "-1s", "+1s", "1d", "99999999999h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
            assert_eq!(duration_or_zero(wrong).is_ok(), wrong == "0s", "{wrong}");
        }
    }
}
