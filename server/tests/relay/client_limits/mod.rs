//! The limits for each client address. All clients of these tests are on loopback, where limits apply only if they are asked for.

mod class;
mod places;
mod rates;
mod sessions;
mod shared;

use crate::support::Lab;
use framescope::args::{ClientLimits, Config, Switch};

/// A relay whose limits apply to the test.
pub(crate) async fn limited(change: impl FnOnce(&mut ClientLimits)) -> Lab {
    limited_with(|config| change(&mut config.client)).await
}

pub(crate) async fn limited_with(change: impl FnOnce(&mut Config)) -> Lab {
    Lab::with(|config| {
        config.client.client_limits_on_loopback = Switch::On;
        change(config);
    })
    .await
}
