//! Agreements for tests, negotiated with an offer as by two endpoints.

use wire::deflate::{Agreed, Policy, Verdict, negotiate};
use wire::extension;

/// The agreement of a server that accepts everything it supports, for the offer `permessage-deflate` with these parameters.
pub(crate) fn agreed(parameters: &str) -> Agreed {
    let offer = format!("permessage-deflate{parameters}");
    let offers = extension::parse(&offer).expect("an extension list");
    match negotiate(&offers, &Policy::ON)[..] {
        [Verdict::Accepted(agreed)] => agreed,
        ref verdicts => panic!("{offer}: {verdicts:?}"),
    }
}
