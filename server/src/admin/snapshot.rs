//! What is read from the state of the relay when somebody asks. So a busy connection does no work for it, and a value cannot
//! drift away from what it describes.

use crate::state::AppState;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;

#[derive(Debug)]
pub(super) struct Snapshot(pub(super) AppState);

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let app = &self.0;
        let config = &app.config;
        let sessions = app.registry.usage();
        let logs = app.registry.log_usage();
        let free = app.places.free();
        let whole = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        let gauges = [
            (
                "recording_interrupted",
                "1 while the relay cannot reach the Redis of --redis",
                u64::from(app.registry.is_interrupted()),
            ),
            ("draining", "1 while the relay drains before it stops", u64::from(app.shutdown.is_draining())),
            ("tcp_connections", "Open TCP connections", whole(config.max_connections.saturating_sub(free))),
            ("tcp_connections_limit", "The limit of open TCP connections", whole(config.max_connections)),
            ("sessions", "Sessions", whole(sessions.sessions)),
            ("sessions_limit", "The limit of sessions", whole(config.max_sessions)),
            ("observers", "Open observation feeds", whole(sessions.observers)),
            ("commands_waiting", "Observers' commands that a connection has not taken yet", whole(sessions.commands)),
            ("log_bytes", "Memory of all logs", logs.bytes),
            ("log_bytes_limit", "The limit of the memory of all logs", config.all_logs_bytes),
            ("unfinished_bytes", "Memory of incomplete messages and request bodies", app.memory.used()),
            ("unfinished_bytes_limit", "The limit of that memory", config.max_unfinished),
        ];
        for (name, help, value) in gauges {
            ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
        }
        let counters = [
            ("log_observations", "Observations recorded in logs", logs.observations),
            ("log_dropped_observations", "Observations that logs dropped for lack of space", logs.dropped),
        ];
        for (name, help, value) in counters {
            ConstCounter::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)?;
        }
        self.slots(encoder)
    }
}

impl Snapshot {
    /// What is done by a few at a time.
    fn slots(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let app = &self.0;
        let compressing = app.config.max_deflate.saturating_sub(app.deflate_slots.available_permits());
        let works = [
            ("export", app.export_slots.used(), app.export_slots.count(), app.export_slots.waiting()),
            ("grading", app.grading_slots.used(), app.grading_slots.count(), app.grading_slots.waiting()),
            ("compression", compressing, app.config.max_deflate, 0),
        ];
        let figures = [
            ("slots", "Slots in use, by work", works.map(|(work, used, ..)| (work, used))),
            ("slots_limit", "The limit of slots, by work", works.map(|(work, _, limit, _)| (work, limit))),
            (
                "slots_waiting",
                "Requests that wait for a slot, by work",
                works.map(|(work, .., waiting)| (work, waiting)),
            ),
        ];
        for (name, help, values) in figures {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (work, value) in values {
                let value = u64::try_from(value).unwrap_or(u64::MAX);
                ConstGauge::new(value).encode(metric.encode_family(&[("work", work)])?)?;
            }
        }
        Ok(())
    }
}
