//! Which of the relay's tests run a second time, with their sessions in Redis: those of sessions, the feed, exports, commands,
//! receipts and challenges.

/// Says so to the tests.
pub(crate) const VARIABLE: &str = "FRAMESCOPE_TEST_REDIS";

/// Parts of the names of these tests.
const MODULES: [&str; 15] = [
    "closing::",
    "console::",
    "course::",
    "credentials::",
    "echo::",
    "ended_sessions::",
    "endings::",
    "export::",
    "feed::",
    "hops::commands::",
    "log::",
    "refusals::",
    "sessions::",
    "shutdown::",
    "watch_only::",
];

/// Tests among them that do not run again, each with the reason.
const SKIPPED: [(&str, &str); 5] = [
    ("client_limits::sessions::", "a site of several relays does not replace the sessions of others"),
    (
        "dropped_observations_are_not_evidence",
        "a shared log is trimmed by whole batches; cluster::limits has its bounds",
    ),
    ("export::files::dropped_observations", "the same"),
    ("export::files::an_export_during_a_flood", "the same"),
    ("export::readers::one_connection_cannot_take_all_slots", "the same"),
];

/// The arguments of `cargo test`. Prints which tests are skipped, and why.
pub(crate) fn arguments() -> Vec<String> {
    for (name, reason) in SKIPPED {
        println!("not with sessions in Redis: {name}: {reason}");
    }
    let skips = SKIPPED.iter().flat_map(|(name, _)| ["--skip", name]);
    // The same packages as in the first run, so that nothing is built again.
    let front = ["--workspace", "--test", "relay", "--"];
    front.into_iter().chain(MODULES).chain(skips).map(str::to_owned).collect()
}
