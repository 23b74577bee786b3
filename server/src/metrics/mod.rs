//! What `/metrics` tells: counters that the relay keeps, and a snapshot of its state.
//!
//! | module | what it has |
//! |---|---|
//! | `tally` | one connection, from its upgrade to its end |
//! | `traffic` | frames and bytes, counted without contention |
//! | `snapshot` | what is read from the state of the relay at each request |
//! | `process` | memory, descriptors and processor time of the process |
//! | `labels` | the groups of close codes |
//! | `limit_log` | which limits were hit |
//!
//! No label has a value from a visitor's input, so the number of series is bounded.

mod labels;
mod limit_log;
mod process;
mod tally;
mod traffic;

pub(crate) use tally::Tally;
pub(crate) use traffic::{Direction, Path};

use limit_log::LimitLog;
use observation::event::{Cause, Party};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use traffic::{Batch, Traffic};
use wire::close::CloseCode;
use wire::violation::Violation;

/// All names begin with this, except those of the process.
const PREFIX: &str = "framescope";

type Label = (&'static str, &'static str);

/// The counters of one relay.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    traffic: Arc<Traffic>,
    accepted: Counter,
    turned_away: Family<[Label; 1], Counter>,
    tls_handshakes: Family<[Label; 1], Counter>,
    certificate_reloads: Family<[Label; 1], Counter>,
    open: Family<[Label; 1], Gauge>,
    opened: Family<[Label; 1], Counter>,
    closed: Family<[Label; 2], Counter>,
    close_codes: Family<[Label; 2], Counter>,
    violations: Family<[Label; 1], Counter>,
    refusals: Family<[Label; 1], Counter>,
    sessions_created: Counter,
    feed_gaps: Counter,
    feed_skipped: Counter,
    handshake: Histogram,
    echo: Histogram,
    limit_log: LimitLog,
}

/// Marks a response as a refusal. The name is one of the relay's own, never from a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefusalReason(pub(crate) &'static str);

/// The two text formats that Prometheus reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Prometheus,
    OpenMetrics,
}

impl Format {
    /// The format that a request's `Accept` asks for.
    pub(crate) fn accepted(accept: &str) -> Self {
        if accept.contains("application/openmetrics-text") { Self::OpenMetrics } else { Self::Prometheus }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => prometheus_text::CONTENT_TYPE,
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        let traffic = Arc::<Traffic>::default();
        registry.register_collector(Box::new(Arc::clone(&traffic)));
        let build = Info::new([("version", env!("FRAMESCOPE_VERSION"))]);
        registry.register("build", "The version of the relay", build);
        // From 10 µs to 2.6 s, and from 100 µs to 6.5 s.
        let echo = Histogram::new(exponential_buckets(10e-6, 4.0, 10));
        let handshake = Histogram::new(exponential_buckets(100e-6, 4.0, 9));
        let this = Self {
            registry: Registry::default(),
            traffic,
            accepted: Counter::default(),
            turned_away: Family::default(),
            tls_handshakes: Family::default(),
            certificate_reloads: Family::default(),
            open: Family::default(),
            opened: Family::default(),
            closed: Family::default(),
            close_codes: Family::default(),
            violations: Family::default(),
            refusals: Family::default(),
            sessions_created: Counter::default(),
            feed_gaps: Counter::default(),
            feed_skipped: Counter::default(),
            handshake,
            echo,
            limit_log: LimitLog::default(),
        };
        this.register(&mut registry);
        this.begin_at_zero();
        Self { registry, ..this }
    }
}

impl Metrics {
    fn register(&self, registry: &mut Registry) {
        registry.register("tcp_accepted", "TCP connections accepted from visitors", self.accepted.clone());
        let help = "TCP connections closed at once because there was no place for them, by reason";
        registry.register("tcp_turned_away", help, self.turned_away.clone());
        registry.register("tls_handshakes", "TLS handshakes, by outcome", self.tls_handshakes.clone());
        let help = "Attempts to read a changed certificate, by outcome";
        registry.register("certificate_reloads", help, self.certificate_reloads.clone());
        registry.register("websockets", "Open WebSocket connections, by path", self.open.clone());
        registry.register("websockets_opened", "WebSocket connections opened, by path", self.opened.clone());
        registry.register("websockets_closed", "WebSocket connections ended, by path and cause", self.closed.clone());
        let help = "Ended connections by the code of their first close frame and the end that sent it";
        registry.register("close_codes", help, self.close_codes.clone());
        let help = "Protocol violations in frames from clients of /echo and /lab, by rule";
        registry.register("violations", help, self.violations.clone());
        registry.register("refusals", "Refused requests and handshakes, by reason", self.refusals.clone());
        registry.register("sessions_created", "Sessions created", self.sessions_created.clone());
        let help = "How often an observer was told that observations are missing";
        registry.register("feed_gaps", help, self.feed_gaps.clone());
        let help = "Observations that an observer missed because they were dropped first";
        registry.register("feed_skipped", help, self.feed_skipped.clone());
        let help = "Time from the request of an opening handshake to its 101 response, without deliberate delays";
        registry.register_with_unit("handshake", help, Unit::Seconds, self.handshake.clone());
        let help = "Time from reading a client's frames to sending the replies, for one of 32 reads of each connection";
        registry.register_with_unit("echo", help, Unit::Seconds, self.echo.clone());
    }

    /// A counter that appears only with its first event hides that event from `rate()`.
    fn begin_at_zero(&self) {
        for path in Path::ALL {
            let label = [("path", path.name())];
            drop((self.open.get_or_create(&label), self.opened.get_or_create(&label)));
        }
        for outcome in [TlsOutcome::Done, TlsOutcome::Failed, TlsOutcome::TimedOut] {
            drop(self.tls_handshakes.get_or_create(&[("outcome", outcome.name())]));
        }
        for reason in ["relay-full", "client-limit"] {
            drop(self.turned_away.get_or_create(&[("reason", reason)]));
        }
        for outcome in RELOADED {
            drop(self.certificate_reloads.get_or_create(&[("outcome", outcome)]));
        }
    }

    pub(crate) fn accepted(&self) {
        self.accepted.inc();
    }

    pub(crate) fn turned_away(&self, reason: &'static str) {
        self.turned_away.get_or_create(&[("reason", reason)]).inc();
    }

    pub(crate) fn tls_handshake(&self, outcome: TlsOutcome) {
        self.tls_handshakes.get_or_create(&[("outcome", outcome.name())]).inc();
    }

    pub(crate) fn certificate_reloaded(&self, good: bool) {
        self.certificate_reloads.get_or_create(&[("outcome", RELOADED[usize::from(good)])]).inc();
    }

    /// A connection was upgraded.
    fn opened(&self, path: Path) {
        self.opened.get_or_create(&[("path", path.name())]).inc();
        self.open.get_or_create(&[("path", path.name())]).inc();
    }

    /// An upgraded connection has ended.
    fn closed(&self, path: Path, cause: Cause, close: Option<(Party, Option<u16>)>) {
        self.open.get_or_create(&[("path", path.name())]).dec();
        self.closed.get_or_create(&[("path", path.name()), ("cause", labels::cause(cause))]).inc();
        let (first, code) = match close {
            None => ("nobody", "none"),
            Some((party, code)) => (labels::party(party), labels::code(code.map(CloseCode))),
        };
        self.close_codes.get_or_create(&[("first", first), ("code", code)]).inc();
    }

    fn violated(&self, violation: &Violation) {
        self.violations.get_or_create(&[("rule", violation.rule())]).inc();
    }

    /// `reason` is one of the names that the relay gives its refusals.
    pub(crate) fn refused(&self, reason: &'static str) {
        self.refusals.get_or_create(&[("reason", reason)]).inc();
    }

    /// Whether the log should have a line about this limit now, and how many lines were left out since the last one.
    pub(crate) fn limit_line(&self, reason: &'static str) -> Option<u64> {
        self.limit_log.due(reason)
    }

    pub(crate) fn session_created(&self) {
        self.sessions_created.inc();
    }

    pub(crate) fn feed_gap(&self, missing: u64) {
        self.feed_gaps.inc();
        self.feed_skipped.inc_by(missing);
    }

    pub(crate) fn handshake_took(&self, time: Duration) {
        self.handshake.observe(time.as_secs_f64());
    }

    pub(crate) fn echo_took(&self, time: Duration) {
        self.echo.observe(time.as_secs_f64());
    }

    /// Adds what a connection has counted, and empties `batch`.
    #[inline]
    fn add(&self, path: Path, batch: &mut Batch) {
        self.traffic.add(path, batch);
    }

    /// Everything, as text. `snapshot` is what is read from the state of the relay now.
    pub(crate) fn text(&self, snapshot: Box<dyn Collector>, format: Format) -> Result<String, fmt::Error> {
        let mut state = Registry::default();
        state.register_collector(Box::new(process::Process));
        let own = state.sub_registry_with_prefix(PREFIX);
        own.register_collector(snapshot);
        let mut text = String::new();
        match format {
            Format::Prometheus => {
                prometheus_text::encode(&mut text, &self.registry)?;
                prometheus_text::encode(&mut text, &state)?;
            }
            Format::OpenMetrics => {
                text::encode_registry(&mut text, &self.registry)?;
                text::encode_registry(&mut text, &state)?;
                text::encode_eof(&mut text)?;
            }
        }
        Ok(text)
    }
}

/// How a TLS handshake ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TlsOutcome {
    Done,
    Failed,
    TimedOut,
}

impl TlsOutcome {
    fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::TimedOut => "timed-out",
        }
    }
}

/// The outcomes of reading a certificate again: bad and good.
const RELOADED: [&str; 2] = ["failed", "done"];
