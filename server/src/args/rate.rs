//! Limits that can be switched off: how many at once, and how many in which time.

use super::units::{bytes, digits};
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// The units of time, and their words.
const PER: [(&str, &str, Duration); 3] = [
    ("s", "second", Duration::from_secs(1)),
    ("m", "minute", Duration::from_secs(60)),
    ("h", "hour", Duration::from_secs(3600)),
];

/// The most at once; `None` for no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtOnce(pub Option<usize>);

/// A number in a time, such as `600/m`; `None` for no limit. As many may come at once, and then only as fast as the rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(pub Option<PerTime>);

/// The same for bytes, such as `32MiB/s`. It counts in KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRate(pub Option<PerTime>);

/// So many in such a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerTime {
    pub amount: NonZeroU32,
    pub time: Duration,
}

impl FromStr for AtOnce {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if is_off(text) {
            return Ok(Self(None));
        }
        let count = digits(text).ok_or("expected a number such as 200, or off for no limit")?;
        Ok(Self(Some(count)))
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = parse(text, digits::<u32>);
        parsed
            .map(Self)
            .ok_or_else(|| "expected a number per second, minute or hour, such as 20/s or 600/m, or off".into())
    }
}

impl FromStr for ByteRate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let kib = |text: &str| u32::try_from(bytes(text).ok()?.div_ceil(1024)).ok();
        parse(text, kib).map(Self).ok_or_else(|| "expected a size per second, such as 32MiB/s, or off".into())
    }
}

/// `None` if it is not a rate, and `Some(None)` for no limit.
fn parse(text: &str, amount: impl Fn(&str) -> Option<u32>) -> Option<Option<PerTime>> {
    if is_off(text) {
        return Some(None);
    }
    let (number, unit) = text.split_once('/')?;
    let (_, _, time) = PER.into_iter().find(|(name, ..)| *name == unit)?;
    let amount = amount(number)?;
    Some(NonZeroU32::new(amount).map(|amount| PerTime { amount, time }))
}

fn is_off(text: &str) -> bool {
    text == "0" || text == "off"
}

impl fmt::Display for PerTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = PER.into_iter().find(|(.., time)| *time == self.time).map_or("?", |(_, word, _)| word);
        write!(f, "{} per {word}", self.amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_numbers_rates_or_off() {
        let shown = |text: &str| text.parse::<Rate>().unwrap().0.map(|rate| rate.to_string());
        assert_eq!(shown("20/s").as_deref(), Some("20 per second"));
        assert_eq!(shown("600/m").as_deref(), Some("600 per minute"));
        assert_eq!(shown("1/h").as_deref(), Some("1 per hour"));
        for off in ["0", "off", "0/s"] {
            assert_eq!(shown(off), None, "{off}");
        }
        let kib = |text: &str| text.parse::<ByteRate>().unwrap().0.map(|rate| rate.amount.get());
        assert_eq!([kib("32MiB/s"), kib("1/s"), kib("0"), kib("off")], [Some(32 << 10), Some(1), None, None]);
        let at_once = |text: &str| text.parse::<AtOnce>().unwrap().0;
        assert_eq!([at_once("200"), at_once("0"), at_once("off")], [Some(200), None, None]);
        for wrong in ["", "20", "20/", "/s", "-1/s", "20/d", "20 /s", "4294967296/s"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
        for wrong in ["", "20", "8TiB/s", "9999GiB/s"] {
            assert!(wrong.parse::<ByteRate>().is_err(), "{wrong}");
        }
        assert!("many".parse::<AtOnce>().is_err());
    }
}
