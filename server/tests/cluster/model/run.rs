//! A run: steps, then everything is healed and judged.

use super::check;
use super::judge::{complain, judge};
use super::observer::Observer;
use super::plan::{self, Seed, Step};
use super::site::{RELAYS, Site};
use observation::command::Command;

/// How many steps a run has.
const STEPS: usize = 60;
/// The most clients and observers that are there at a time, below the limits of a session.
const CLIENTS: usize = 10;
const OBSERVERS: usize = 5;

pub(crate) struct Run {
    site: Site,
    random: fastrand::Rng,
    commands: u64,
}

impl Run {
    pub(crate) fn new(site: Site, seed: Seed) -> Self {
        // Different profiles with the same number are different runs.
        let number = seed.number.wrapping_mul(31).wrapping_add(seed.profile as u64);
        Self { site, random: fastrand::Rng::with_seed(number), commands: 0 }
    }

    pub(crate) async fn run(mut self, seed: Seed) {
        self.perform(Step::Observe).await;
        self.perform(Step::OpenSteady).await;
        for _ in 0..STEPS {
            let mut random = self.random.clone();
            let step = plan::next(&mut random, seed.profile, |step| self.is_possible(step));
            self.random = random;
            self.perform(step).await;
            complain(&self.site);
        }
        self.site.note("everything is healed");
        self.heal().await;
        judge(&mut self.site).await;
    }

    fn is_possible(&self, step: Step) -> bool {
        let site = &self.site;
        let live = site.live();
        let has_anchor = (0..RELAYS).any(|index| site.is_anchor(index));
        match step {
            Step::StartRelay => {
                !site.engine.is_stalled() && self.places(|slot| slot.process.is_none() && !slot.is_cut_off) > 0
            }
            Step::Observe => site.observers.len() < OBSERVERS,
            Step::MoveObserver => !site.observers.is_empty(),
            Step::Open | Step::OpenSteady => self.open_clients(|_| true).len() < CLIENTS,
            Step::Talk | Step::Burst | Step::Close | Step::Leave => !self.open_clients(|live| live).is_empty(),
            Step::Command => {
                !self.open_clients(|_| true).is_empty() && site.observers.iter().any(Observer::is_connected)
            }
            Step::Kill | Step::Terminate | Step::StopRelay => live.len() > 1,
            Step::ContinueRelay => self.places(|slot| slot.is_stopped) > 0,
            Step::StallRedis => !site.engine.is_stalled(),
            Step::ContinueRedis => site.engine.is_stalled(),
            Step::RestartRedis | Step::HoldReplica => !site.engine.is_stalled(),
            // Somebody must be able to bring the session back.
            Step::EmptyRedis | Step::Flush => has_anchor,
            Step::FailOver => live.iter().any(|index| !site.relays[*index].is_cut_off),
            Step::CutLine | Step::StallLine => live.iter().any(|index| !site.relays[*index].is_cut_off),
            Step::HealLine => self.places(|slot| slot.is_cut_off) > 0,
        }
    }

    fn places(&self, holds: impl Fn(&super::site::Slot) -> bool) -> usize {
        self.site.relays.iter().filter(|slot| holds(slot)).count()
    }

    fn place(&mut self, holds: impl Fn(&super::site::Slot) -> bool) -> usize {
        let places: Vec<_> = (0..RELAYS).filter(|index| holds(&self.site.relays[*index])).collect();
        self.pick(&places)
    }

    fn pick(&mut self, from: &[usize]) -> usize {
        from[self.random.usize(0..from.len())]
    }

    fn live_relay(&mut self) -> usize {
        let live = self.site.live();
        self.pick(&live)
    }

    /// The indices of open clients on relays that are live, or not.
    fn open_clients(&self, holds: impl Fn(bool) -> bool) -> Vec<usize> {
        let clients = self.site.clients.iter().enumerate();
        let open = clients.filter(|(_, client)| client.is_open() && holds(self.site.is_live(client.relay)));
        open.map(|(index, _)| index).collect()
    }

    fn client(&mut self) -> usize {
        let open = self.open_clients(|live| live);
        self.pick(&open)
    }

    async fn perform(&mut self, step: Step) {
        match step {
            Step::StartRelay => {
                let index = self.place(|slot| slot.process.is_none() && !slot.is_cut_off);
                self.site.note(&format!("relay {index} starts"));
                self.site.start_relay(index).await;
            }
            Step::Observe => {
                let index = self.live_relay();
                let observer = self.site.observers.len();
                self.site.note(&format!("observer {observer} comes to relay {index}"));
                self.site.observers.push(Observer::new(format!("observer {observer}"), false));
                self.site.observe(observer, index).await;
            }
            Step::MoveObserver => {
                let (observer, index) = (self.random.usize(0..self.site.observers.len()), self.live_relay());
                self.site.note(&format!("observer {observer} moves to relay {index}"));
                self.site.observe(observer, index).await;
            }
            Step::Open | Step::OpenSteady => {
                let (index, steady) = (self.live_relay(), step == Step::OpenSteady);
                let opened = self.site.open(index, steady).await;
                let tag = self.site.clients.len();
                self.site.note(&format!("client {tag} opens on relay {index}, steady {steady}: {opened}"));
            }
            Step::Talk | Step::Burst | Step::Close | Step::Leave => self.use_client(step).await,
            Step::Command => self.command().await,
            Step::Kill | Step::Terminate | Step::StopRelay | Step::ContinueRelay => self.trouble_relay(step).await,
            Step::CutLine | Step::StallLine | Step::HealLine => self.trouble_line(step).await,
            _ => self.trouble_redis(step).await,
        }
    }

    async fn use_client(&mut self, step: Step) {
        let index = self.client();
        let count = self.random.u64(1..30);
        let client = &mut self.site.clients[index];
        let before = client.heard().echoed;
        match step {
            // Whatever happens to Redis, echoes come back.
            Step::Talk => client.talk(count.min(5)).await,
            Step::Burst => client.send(count),
            Step::Close => client.close().await,
            _ => client.leave().await,
        }
        let (tag, relay, heard) = (client.tag, client.relay, client.heard());
        let (echoed, ended) = (heard.echoed, heard.ended);
        self.site.note(&format!("client {tag} on relay {relay}: {step:?} {count}, {before}..{echoed}, {ended:?}"));
        let is_disowned = ended == Some(Some(1012)) && self.site.relays[relay].was_away;
        if step == Step::Talk && ended.is_some() && !is_disowned {
            // A busy machine can delay a relay so long that others take it for lost.
            self.site.note(&format!("client {tag} ended meanwhile"));
        }
    }

    async fn command(&mut self) {
        let observers: Vec<_> = (0..self.site.observers.len())
            .filter(|index| self.site.observers[*index].is_connected())
            .filter(|index| self.site.is_live(self.site.observers[*index].relay))
            .collect();
        let clients = self.open_clients(|_| true);
        if observers.is_empty() || clients.is_empty() {
            return;
        }
        let (observer, client) = (self.pick(&observers), self.pick(&clients));
        let (tag, relay) = (self.site.clients[client].tag, self.site.clients[client].relay);
        let Some(connection) = check::connection_of(&self.site.observers[observer].view().log, tag) else { return };
        self.commands += 1;
        let id = self.commands;
        let text = format!("command {id}");
        let from = self.site.observers[observer].relay;
        self.site.note(&format!("command {id} from relay {from} to client {tag} on relay {relay}"));
        self.site.observers[observer].command(id, connection, Command::Text(text.clone())).await;
        let answered = self.site.observers[observer].until(|view| view.answers.contains_key(&id)).await;
        if !answered {
            self.site.note("the observer's feed ended");
            return;
        }
        let refused = self.site.observers[observer].view().answers[&id].refused.clone();
        self.site.note(&format!("refused: {refused:?}"));
        if refused.is_none() && self.site.is_live(relay) {
            self.site.clients[client].until(|heard| heard.commands.contains(&text)).await;
        }
    }

    async fn trouble_relay(&mut self, step: Step) {
        let index = match step {
            Step::ContinueRelay => self.place(|slot| slot.is_stopped),
            _ => self.live_relay(),
        };
        let waits = self.random.bool();
        self.site.note(&format!("relay {index}: {step:?}"));
        match step {
            Step::Kill => self.site.kill(index).await,
            Step::Terminate => self.site.terminate(index).await,
            Step::StopRelay => self.site.stop(index).await,
            _ => {
                if waits {
                    self.site.until_lost(index).await;
                }
                self.site.resume(index).await;
            }
        }
    }

    async fn trouble_line(&mut self, step: Step) {
        let index = match step {
            Step::HealLine => self.place(|slot| slot.is_cut_off),
            _ => self.place(|slot| slot.process.is_some() && !slot.is_stopped && !slot.is_cut_off),
        };
        let waits = self.random.bool();
        self.site.note(&format!("relay {index}: {step:?}"));
        match step {
            Step::HealLine => {
                if waits {
                    self.site.until_lost(index).await;
                }
                self.site.heal(index);
            }
            _ => self.site.cut_off(index, step == Step::CutLine),
        }
    }

    async fn trouble_redis(&mut self, step: Step) {
        let crash = self.random.bool();
        self.site.note(&format!("{step:?}, crash {crash}"));
        let engine = &mut self.site.engine;
        match step {
            Step::StallRedis => engine.stall().await,
            Step::ContinueRedis => engine.resume().await,
            Step::HoldReplica => engine.hold_replica(),
            Step::RestartRedis => engine.restart(crash, true).await,
            Step::EmptyRedis => engine.restart(crash, false).await,
            Step::Flush => engine.flush().await,
            _ => engine.fail_over().await,
        }
        self.site.lead_to_engine();
        if matches!(step, Step::RestartRedis | Step::EmptyRedis | Step::Flush | Step::FailOver) {
            self.site.has_lost_data = true;
            self.site.engine.until_restored().await;
        }
    }

    async fn heal(&mut self) {
        let site = &mut self.site;
        site.engine.resume().await;
        for index in 0..RELAYS {
            site.heal(index);
            if site.relays[index].is_stopped {
                site.resume(index).await;
            }
        }
        for index in 0..RELAYS {
            if site.relays[index].process.is_none() {
                site.start_relay(index).await;
            }
        }
        for observer in 0..site.observers.len() {
            if !site.observers[observer].is_connected() {
                site.observe(observer, observer % RELAYS).await;
            }
        }
        for client in &mut site.clients {
            client.close().await;
        }
        // Two who have seen nothing so far, on each relay.
        for index in 0..RELAYS {
            site.observers.push(Observer::new(format!("newcomer {index}"), false));
            site.observe(site.observers.len() - 1, index).await;
        }
        for index in 0..RELAYS {
            site.observers.push(Observer::new(format!("watcher {index}"), true));
            site.observe(site.observers.len() - 1, index).await;
        }
    }
}
