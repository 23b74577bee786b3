//! The site under test: relays, each with its own line to Redis, and everybody who uses them.

use super::check::end_of;
use super::client::Client;
use super::engine::Engine;
use super::observer::Observer;
use crate::relay::RelayProcess;
use crate::support::fault_line::{Direction, FaultLine};
use crate::support::{Answer, http, soon};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The most relays at once.
pub(crate) const RELAYS: usize = 3;
/// Long enough for a relay that has to share a busy machine, and short enough to wait for its end.
const LEASE: &str = "1500ms";

pub(crate) struct Site {
    pub(crate) engine: Engine,
    pub(crate) relays: Vec<Slot>,
    pub(crate) session: String,
    /// The session's name for those who only watch.
    watch: String,
    pub(crate) clients: Vec<Client>,
    pub(crate) observers: Vec<Observer>,
    /// Redis may have lost observations.
    pub(crate) has_lost_data: bool,
    pub(crate) folder: PathBuf,
    began: Instant,
    journal: String,
}

/// The place of a relay. One that was killed is followed by another.
pub(crate) struct Slot {
    pub(crate) line: FaultLine,
    pub(crate) process: Option<RelayProcess>,
    pub(crate) is_stopped: bool,
    /// Nothing passes its line to Redis.
    pub(crate) is_cut_off: bool,
    /// Its connections are lost if this lasts.
    pub(crate) was_away: bool,
}

impl Site {
    pub(crate) async fn start(folder: PathBuf, engine: Engine) -> Self {
        let mut relays = Vec::new();
        for _ in 0..RELAYS {
            let line = FaultLine::to(engine.address()).await;
            let slot = Slot { line, process: None, is_stopped: false, is_cut_off: false, was_away: false };
            relays.push(slot);
        }
        let mut site = Self {
            engine,
            relays,
            session: String::new(),
            watch: String::new(),
            clients: Vec::new(),
            observers: Vec::new(),
            has_lost_data: false,
            folder,
            began: Instant::now(),
            journal: String::new(),
        };
        site.start_relay(0).await;
        site.start_relay(1).await;
        let created = http(site.process(0).address, "POST", "/api/sessions", "").await;
        let text = |name| created.json()[name].as_str().unwrap().to_owned();
        (site.session, site.watch) = (text("id"), text("watch"));
        site
    }

    /// Notes what happens, for the day when the run fails.
    pub(crate) fn note(&mut self, what: &str) {
        let at = self.began.elapsed().as_secs_f64();
        writeln!(self.journal, "{at:8.3} {what}").unwrap();
    }

    pub(crate) async fn start_relay(&mut self, index: usize) {
        let flags = [
            "--redis".to_owned(),
            format!("redis://{}", self.relays[index].line.address),
            "--redis-lease".to_owned(),
            LEASE.to_owned(),
            "--redis-wait".to_owned(),
            "30s".to_owned(),
            "--receipt-key".to_owned(),
            self.folder.join("receipt.pem").display().to_string(),
            // A small one, which loads quickly.
            "--course".to_owned(),
            self.folder.join("course").display().to_string(),
            "--shutdown-grace".to_owned(),
            "1s".to_owned(),
        ];
        let log = self.folder.join(format!("relay-{index}.log"));
        let process = RelayProcess::start(&flags, &log).await.unwrap_or_else(|log| panic!("relay {index}: {log}"));
        let slot = &mut self.relays[index];
        (slot.process, slot.is_stopped, slot.was_away) = (Some(process), false, false);
    }

    pub(crate) fn process(&self, index: usize) -> &RelayProcess {
        self.relays[index].process.as_ref().unwrap()
    }

    /// Whether the relay runs.
    pub(crate) fn is_live(&self, index: usize) -> bool {
        self.relays[index].process.is_some() && !self.relays[index].is_stopped
    }

    /// Whether it also reaches Redis.
    pub(crate) fn is_well(&self, index: usize) -> bool {
        self.is_live(index) && !self.relays[index].is_cut_off && !self.engine.is_stalled()
    }

    pub(crate) fn live(&self) -> Vec<usize> {
        (0..RELAYS).filter(|index| self.is_live(*index)).collect()
    }

    /// Whether this relay could bring the session back after Redis has lost it.
    pub(crate) fn is_anchor(&self, index: usize) -> bool {
        let has_client =
            self.clients.iter().any(|client| client.relay == index && client.is_open() && client.heard().echoed > 0);
        self.is_well(index) && has_client
    }

    /// Repeats `attempt` until the relay lets somebody in. It may refuse while, or shortly after, something was wrong; then `None`
    /// if that is still so.
    pub(crate) async fn let_in<T>(
        &mut self,
        index: usize,
        mut attempt: impl AsyncFnMut(&mut Self) -> Result<T, u16>,
    ) -> Option<T> {
        let began = Instant::now();
        loop {
            match attempt(self).await {
                Ok(let_in) => return Some(let_in),
                Err(status) => {
                    // On a busy machine, Redis may be too late for a relay although nothing is wrong.
                    assert!(matches!(status, 404 | 503), "relay {index} answered {status}");
                    if !self.is_well(index) {
                        self.note(&format!("relay {index} answers {status}"));
                        return None;
                    }
                    assert!(began.elapsed() < Duration::from_secs(40), "relay {index} still answers {status}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    /// Opens a client's connection on this relay, if the relay lets it in.
    pub(crate) async fn open(&mut self, index: usize, steady: bool) -> bool {
        let tag = self.clients.len() as u32 + 1;
        let (address, session) = (self.process(index).address, self.session.clone());
        let opened = self.let_in(index, async |_| Client::open(tag, index, address, &session, steady).await).await;
        let is_open = opened.is_some();
        self.clients.extend(opened);
        is_open
    }

    /// Connects an observer to a relay, if the relay lets it in.
    pub(crate) async fn observe(&mut self, observer: usize, index: usize) {
        let address = self.process(index).address;
        let name = if self.observers[observer].only_watches { self.watch.clone() } else { self.session.clone() };
        self.let_in(index, async |site| site.observers[observer].connect(index, address, &name).await).await;
    }

    pub(crate) fn lead_to_engine(&self) {
        for slot in &self.relays {
            slot.line.lead_to(self.engine.address());
        }
    }

    pub(crate) fn cut_off(&mut self, index: usize, cut: bool) {
        let slot = &mut self.relays[index];
        if cut {
            slot.line.cut();
        } else {
            slot.line.stall(Direction::ToUpstream);
            slot.line.stall(Direction::FromUpstream);
        }
        (slot.is_cut_off, slot.was_away) = (true, true);
    }

    pub(crate) fn heal(&mut self, index: usize) {
        self.relays[index].line.heal();
        self.relays[index].is_cut_off = false;
    }

    pub(crate) async fn stop(&mut self, index: usize) {
        self.process(index).signal("STOP").await;
        let slot = &mut self.relays[index];
        (slot.is_stopped, slot.was_away) = (true, true);
    }

    pub(crate) async fn resume(&mut self, index: usize) {
        self.process(index).signal("CONT").await;
        self.relays[index].is_stopped = false;
    }

    /// Waits until a relay that is away has been declared lost by another one: Redis has a marker for it.
    pub(crate) async fn until_lost(&mut self, index: usize) {
        let others_are_well = (0..RELAYS).any(|other| other != index && self.is_well(other));
        if !others_are_well || !self.relays[index].was_away {
            return;
        }
        let before = self.engine.lost_relays().await;
        self.note(&format!("until relay {index} is lost"));
        // It may have been found lost before this.
        let known = soon(async {
            let began = Instant::now();
            while self.engine.lost_relays().await <= before {
                if began.elapsed() > Duration::from_secs(4) {
                    return false;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            true
        });
        let is_lost = known.await;
        self.note(if is_lost { "it is lost" } else { "nothing changed" });
    }

    pub(crate) async fn kill(&mut self, index: usize) {
        self.process(index).signal("KILL").await;
        self.gone(index).await;
        self.orphan(index);
    }

    /// What nobody has seen of this relay's clients may never come.
    fn orphan(&mut self, index: usize) {
        let views: Vec<_> = self.observers.iter().map(Observer::view).collect();
        for client in self.clients.iter_mut().filter(|client| client.relay == index) {
            client.orphaned |= !views.iter().any(|view| end_of(&view.log, client.tag).is_some());
        }
    }

    /// When this relay found out that the others had taken it for lost.
    pub(crate) fn losses(&self, index: usize) -> Vec<String> {
        let log = std::fs::read_to_string(self.folder.join(format!("relay-{index}.log"))).unwrap_or_default();
        let losses = log.lines().filter(|line| line.contains("have taken it for lost"));
        losses.filter_map(|line| line.split(' ').next().map(str::to_owned)).collect()
    }

    pub(crate) async fn terminate(&mut self, index: usize) {
        // Without Redis, it cannot ship what it has. If it was away, it may not know yet that it is lost.
        if !self.is_well(index) || self.relays[index].was_away {
            self.orphan(index);
        }
        self.process(index).signal("TERM").await;
        self.gone(index).await;
    }

    async fn gone(&mut self, index: usize) {
        let mut process = self.relays[index].process.take().unwrap();
        process.ended().await;
        let slot = &mut self.relays[index];
        (slot.is_stopped, slot.was_away) = (false, false);
    }

    /// The session as JSON from this relay.
    pub(crate) async fn export(&self, index: usize) -> Answer {
        let path = format!("/api/sessions/{}/export.json", self.session);
        http(self.process(index).address, "GET", &path, "").await.dechunked()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}The logs of the relays and of Redis are in {}", self.journal, self.folder.display());
        } else {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}
