//! Converts the session's clock to the time of day.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The last second that RFC 3339 can write: the end of the year 9999.
const LAST: u64 = 253_402_300_799;

/// When a session began.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Duration);

impl Clock {
    #[must_use]
    pub fn new(began: SystemTime) -> Self {
        Self(began.duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    /// The time since 1970, `us` microseconds after the session began. At most the end of the year 9999.
    #[must_use]
    pub fn at(self, us: u64) -> Duration {
        self.0.saturating_add(Duration::from_micros(us)).min(Duration::from_secs(LAST))
    }

    /// The same time as text in the format of RFC 3339.
    #[must_use]
    pub fn words(self, us: u64) -> String {
        rfc3339(UNIX_EPOCH + self.at(us))
    }
}

/// A time in the format of RFC 3339: `2026-11-25T12:00:07.250000Z`.
#[must_use]
pub fn rfc3339(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default().min(Duration::from_secs(LAST));
    humantime::format_rfc3339_micros(UNIX_EPOCH + since).to_string()
}

/// A time for use in a file name: `20261125-120007`.
#[must_use]
pub fn file_name(time: SystemTime) -> String {
    let mut name = rfc3339(time).replace(['-', ':'], "").replace('T', "-");
    name.truncate("YYYYMMDD-HHMMSS".len());
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_have_no_end() {
        let noon = UNIX_EPOCH + Duration::from_secs(1_795_608_000);
        let clock = Clock::new(noon);
        assert_eq!(clock.words(7_250_001), "2026-11-25T12:00:07.250001Z");
        assert_eq!(file_name(noon), "20261125-120000");
        assert_eq!(clock.words(u64::MAX), "9999-12-31T23:59:59.000000Z");
        assert_eq!(rfc3339(UNIX_EPOCH - Duration::from_secs(1)), "1970-01-01T00:00:00.000000Z");
        assert_eq!(file_name(UNIX_EPOCH + Duration::from_secs(LAST + 1)), "99991231-235959");
    }
}
