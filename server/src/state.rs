//! The state that all handlers share.

use crate::args::Config;
use crate::course::library::CourseLibrary;
use crate::hosts::KnownHosts;
use crate::legs::ServerSideLegs;
use crate::limits::{Clients, Places, TimedWrites, Turns};
use crate::memory::MemoryBudget;
use crate::metrics::Metrics;
use crate::receipt::key::Key;
use crate::registry::Registry;
use crate::session::Session;
use crate::shutdown::Shutdown;
use crate::slots::Slots;
use crate::upstream::Upstreams;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How many exports the relay makes at once. Each holds a copy of one session's log without the payloads, and keeps those
/// payloads in memory.
const MAX_EXPORTS: usize = 8;

/// How many attempts the relay grades at once. Each unpacks a session's whole log, which takes many times the log's size, and
/// uses a core meanwhile. So half of the cores stay free for everything else.
fn max_gradings() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get() / 2).max(1)
}

/// Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct AppState {
    pub(crate) config: Arc<Config>,
    pub(crate) registry: Arc<Registry>,
    /// The names that the relay answers to.
    pub(crate) hosts: Arc<KnownHosts>,
    pub(crate) shutdown: Shutdown,
    /// Memory for messages and request bodies that have not arrived completely.
    pub(crate) memory: MemoryBudget,
    /// One permit for each connection that may compress at once.
    pub(crate) deflate_slots: Arc<Semaphore>,
    pub(crate) export_slots: Slots,
    /// The connections that may be open.
    pub(crate) places: Places,
    /// The bytes to all observers.
    pub(crate) observer_bytes: Turns,
    pub(crate) timed_writes: TimedWrites,
    /// What each client uses.
    pub(crate) clients: Arc<Clients>,
    pub(crate) legs: ServerSideLegs,
    pub(crate) upstreams: Upstreams,
    /// The ports of the middleboxes in front of TLS, in the order of `middlebox::ENTRIES`.
    pub(crate) tunnel_ports: Arc<[u16]>,
    pub(crate) library: Arc<CourseLibrary>,
    /// Signs receipts.
    pub(crate) key: Arc<Key>,
    pub(crate) grading_slots: Slots,
    pub(crate) metrics: Arc<Metrics>,
}

impl AppState {
    #[expect(clippy::too_many_arguments, reason = "everything that the relay has made at its start, each once")]
    pub(crate) fn new(
        config: Arc<Config>,
        registry: Arc<Registry>,
        shutdown: Shutdown,
        upstreams: Upstreams,
        tunnel_ports: Arc<[u16]>,
        library: CourseLibrary,
        key: Key,
        metrics: Arc<Metrics>,
    ) -> Self {
        let slots = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Self {
            memory: registry.memory().clone(),
            deflate_slots: slots(config.max_deflate),
            export_slots: Slots::new(MAX_EXPORTS),
            places: Places::new(config.max_connections),
            observer_bytes: Turns::new(config.observer_bytes.0),
            timed_writes: TimedWrites::new(config.timed_writes.0),
            clients: Arc::new(Clients::new(config.client.clone())),
            legs: ServerSideLegs::default(),
            grading_slots: Slots::new(max_gradings()),
            library: Arc::new(library),
            hosts: Arc::new(KnownHosts::new(&config.host, &config.public_url, &config.tls_name)),
            key: Arc::new(key),
            config,
            registry,
            shutdown,
            upstreams,
            tunnel_ports,
            metrics,
        }
    }

    /// The state for what belongs to a session, which can end before the relay does.
    pub(crate) fn within(self, session: &Session) -> Self {
        Self { shutdown: session.shutdown().clone(), ..self }
    }

    /// Why a load balancer should send nobody here, if there is a reason.
    pub(crate) fn not_ready(&self) -> Vec<&'static str> {
        let reasons = [
            (self.shutdown.is_draining(), "draining: the relay is about to stop and creates no sessions"),
            (self.places.free() == 0, "full: all connections are in use (--max-connections)"),
            (self.registry.is_full(), "full: all sessions are in use (--max-sessions)"),
        ];
        reasons.into_iter().filter_map(|(applies, reason)| applies.then_some(reason)).collect()
    }
}
