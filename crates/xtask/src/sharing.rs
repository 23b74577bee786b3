//! Which of the relay's tests run a second time, with their sessions in Redis: those of sessions, the feed, exports, commands,
//! rules, receipts and challenges.

/// Says so to the tests.
pub(crate) const VARIABLE: &str = "FRAMESCOPE_TEST_REDIS";

/// Parts of the names of these tests.
const MODULES: [&str; 17] = [
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
    "notes::",
    "refusals::",
    "rules::",
    "sessions::",
    "shutdown::",
    "watch_only::",
];

/// Why a test does not run again.
const NO_REPLACING: &str = "relays that share sessions do not replace those of others";
const WHOLE_BATCHES: &str = "a shared log is trimmed by whole batches; server/tests/cluster/limits.rs has its bounds";
const NO_SCRIPTS: &str = "relays that share a session take no script; server/tests/cluster/rules.rs has that";
const STOPPED_CLOCK: &str = "it moves the relay's clock, which Redis does not follow";

/// Parts of the names of tests among them that do not run again, each with the reason.
const SKIPPED: [(&str, &str); 11] = [
    ("rules::decoded::rules_and_scripts_say_what_is_wrong_with_a_field", NO_SCRIPTS),
    ("client_limits::sessions::", NO_REPLACING),
    ("sessions::a_full_relay_drops_empty_sessions_first", NO_REPLACING),
    ("feed::dropped_observations_are_a_gap", WHOLE_BATCHES),
    ("dropped_observations_are_not_evidence", WHOLE_BATCHES),
    ("export::files::dropped_observations", WHOLE_BATCHES),
    ("export::files::an_export_during_a_flood", WHOLE_BATCHES),
    ("sessions::a_session_expires_without_connections_and_observers", STOPPED_CLOCK),
    ("feed::a_flood_arrives_in_batches", STOPPED_CLOCK),
    ("export::readers::one_connection_cannot_take_all_slots", STOPPED_CLOCK),
    ("export::readers::a_trickling_reader_is_ended", STOPPED_CLOCK),
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
