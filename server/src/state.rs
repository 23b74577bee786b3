//! The state that all handlers share.

use crate::args::Config;
use crate::course::library::CourseLibrary;
use crate::legs::ServerSideLegs;
use crate::memory::MemoryBudget;
use crate::receipt::key::Key;
use crate::registry::Registry;
use crate::shutdown::Shutdown;
use crate::upstream::Upstreams;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How many exports the relay makes at once. Each holds a copy of one session's log without the payloads, and keeps those
/// payloads in memory.
pub(crate) const MAX_EXPORTS: usize = 8;
/// How many attempts the relay grades at once. Each unpacks a session's whole log, which takes many times the log's size.
pub(crate) const MAX_GRADINGS: usize = 2;

/// Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct AppState {
    pub(crate) config: Arc<Config>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) shutdown: Shutdown,
    /// Memory for messages that have not arrived completely.
    pub(crate) memory: MemoryBudget,
    /// One permit for each connection that may compress at once.
    pub(crate) deflate_slots: Arc<Semaphore>,
    /// One permit for each export that may run at once.
    pub(crate) export_slots: Arc<Semaphore>,
    /// One permit for each connection that may be open.
    pub(crate) connection_slots: Arc<Semaphore>,
    pub(crate) legs: ServerSideLegs,
    pub(crate) upstreams: Upstreams,
    /// The ports of the middleboxes in front of TLS, in the order of `middlebox::ENTRIES`.
    pub(crate) tunnel_ports: Arc<[u16]>,
    pub(crate) library: Arc<CourseLibrary>,
    /// Signs receipts.
    pub(crate) key: Arc<Key>,
    /// One permit for each attempt that may be graded at once.
    pub(crate) grading_slots: Arc<Semaphore>,
}

impl AppState {
    pub(crate) fn new(
        config: Arc<Config>,
        registry: Arc<Registry>,
        shutdown: Shutdown,
        upstreams: Upstreams,
        tunnel_ports: Arc<[u16]>,
        library: CourseLibrary,
        key: Key,
    ) -> Self {
        let slots = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Self {
            memory: MemoryBudget::new(config.max_unfinished),
            deflate_slots: slots(config.max_deflate),
            export_slots: slots(MAX_EXPORTS),
            connection_slots: slots(config.max_connections),
            legs: ServerSideLegs::default(),
            grading_slots: slots(MAX_GRADINGS),
            library: Arc::new(library),
            key: Arc::new(key),
            config,
            registry,
            shutdown,
            upstreams,
            tunnel_ports,
        }
    }
}
