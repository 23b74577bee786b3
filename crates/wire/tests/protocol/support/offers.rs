//! How a test comes to an agreement: as two endpoints do, by an offer.

use wire::deflate::{Agreed, Policy, Verdict, negotiate};
use wire::extension;

/// What a server that takes what it can makes of the offer `permessage-deflate` with these parameters.
pub(crate) fn agreed(parameters: &str) -> Agreed {
    let offer = format!("permessage-deflate{parameters}");
    let offers = extension::parse(&offer).expect("an extension list");
    match negotiate(&offers, &Policy::ON)[..] {
        [Verdict::Accepted(agreed)] => agreed,
        ref verdicts => panic!("{offer}: {verdicts:?}"),
    }
}
