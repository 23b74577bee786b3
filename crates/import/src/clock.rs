//! Times of day. Inside the crate, a time is in microseconds since 1970.

use std::time::{Duration, UNIX_EPOCH};

/// The last second that RFC 3339 can write: the end of the year 9999.
const LAST: u64 = 253_402_300_799;

/// A time as text in the format of RFC 3339: `2026-11-25T12:00:07.250000Z`.
pub(crate) fn rfc3339(us: u64) -> String {
    let since = Duration::from_micros(us).min(Duration::from_secs(LAST));
    humantime::format_rfc3339_micros(UNIX_EPOCH + since).to_string()
}

/// Reads a time in the format of RFC 3339, with any offset. `None` if it is not in this format or before 1970.
pub(crate) fn parse(text: &str) -> Option<u64> {
    // humantime reads only UTC, so the offset is added here.
    let at = text.get(10..)?.find(['Z', 'z', '+', '-'])? + 10;
    let (local, offset) = (text.get(..at)?, text.get(at..)?);
    let time = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
    let since = u64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_micros()).ok()?;
    let minutes = match offset {
        "Z" | "z" => return Some(since),
        _ => {
            let (hours, minutes) = offset.get(1..)?.split_once(':')?;
            let (hours, minutes) = (hours.parse::<u64>().ok()?, minutes.parse::<u64>().ok()?);
            (hours < 24 && minutes < 60).then_some(60 * hours + minutes)?
        }
    };
    let offset_us = minutes * 60 * 1_000_000;
    if offset.starts_with('+') { since.checked_sub(offset_us) } else { Some(since + offset_us) }
}

/// A time in seconds since 1970, as HAR files have it. `None` if it is not a time since 1970.
pub(crate) fn seconds(seconds: f64) -> Option<u64> {
    // Rounded, because most fractions of a second have no exact value.
    let rounded = Duration::try_from_secs_f64(seconds).ok()?.checked_add(Duration::from_nanos(500))?;
    u64::try_from(rounded.as_micros()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn times_are_read_with_their_offset() {
        let noon = 1_795_608_000_000_000;
        for (text, expect) in [
            ("2026-11-25T12:00:00.000Z", Some(noon)),
            ("2026-11-25T12:00:00Z", Some(noon)),
            ("2026-11-25T12:00:00.250001+00:00", Some(noon + 250_001)),
            ("2026-11-25T13:30:00.5+01:30", Some(noon + 500_000)),
            ("2026-11-25T06:00:00-06:00", Some(noon)),
            ("2026-11-25T12:00:00", None),
            ("2026-11-25", None),
            ("2026-11-25T12:00:00+99:00", None),
            ("1970-01-01T00:00:00+01:00", None),
            ("1969-12-31T23:00:00Z", None),
            ("", None),
            ("ééééééééééé", None),
        ] {
            assert_eq!(parse(text), expect, "{text}");
        }
        assert_eq!(rfc3339(noon + 7), "2026-11-25T12:00:00.000007Z");
        assert_eq!(rfc3339(u64::MAX), "9999-12-31T23:59:59.000000Z");
        assert_eq!(seconds(1.5), Some(1_500_000));
        for wrong in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(seconds(wrong), None);
        }
    }
}
