//! Sends a message once, again and again, as fast as its echo comes back, or as fast as it goes.

use super::item::{Body, Sendable};
use super::random;
use super::state::Saved;
use super::target::Target;
use crate::lab::Lab;
use crate::lab::store::commands::Fate;
use crate::net::lab_socket::Payload;
use crate::ui::clock::now_us;
use leptos::leptos_dom::helpers::{TimeoutHandle, set_timeout_with_handle};
use leptos::prelude::*;
use observation::Command;
use observation::page::PageAct;
use replay::Load;
use std::collections::VecDeque;
use std::time::Duration;
use wire::Sender;

/// How many round trips pass until the figure is drawn again.
const DRAWN_EVERY: usize = 200;
/// How many messages are sent in one task of the browser, how many bytes the browser may hold back, and how many commands the relay has not
/// answered.
const BATCH: usize = 100;
const MAX_BUFFERED: u32 = 256 << 10;
const MAX_COMMANDS: usize = 8;

/// How often a message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rhythm {
    Once,
    /// This often, with a pause after each time.
    Every(Duration, u32),
    /// This often, each time when the answer has come. Only from the page.
    Answered(u32),
    /// This often, without waiting.
    Flood(u32),
}

/// What a sending is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Idle,
    /// How often it was sent, and how often it will have been.
    Sending(u32, u32),
    Done(u32),
    Failed(String),
}

#[derive(Clone, Copy)]
pub(super) struct Sending {
    lab: Lab,
    saved: Saved,
    pub(super) progress: RwSignal<Progress>,
    /// The round trips, if they are measured.
    pub(super) load: RwSignal<Option<Load>>,
    /// The newest one, which stays until the next: its last answers may still come.
    job: StoredValue<Option<Job>, LocalStorage>,
}

struct Job {
    target: Target,
    what: Sendable,
    rhythm: Rhythm,
    sent: u32,
    timer: Option<TimeoutHandle>,
    began_us: u64,
    /// When each message without an answer was sent.
    waits_since_us: VecDeque<u64>,
    trips_us: Vec<u64>,
    /// The last command of the page before it.
    after: u64,
}

impl Rhythm {
    fn times(self) -> u32 {
        match self {
            Self::Once => 1,
            Self::Every(_, times) | Self::Answered(times) | Self::Flood(times) => times,
        }
    }

    /// Whether the answers are measured, as the echoes of the messages.
    fn is_measured(self) -> bool {
        matches!(self, Self::Answered(_) | Self::Flood(_))
    }
}

impl Sending {
    pub(super) fn new(lab: Lab, saved: Saved) -> Self {
        let progress = RwSignal::new(Progress::Idle);
        let sending = Self { lab, saved, progress, load: RwSignal::new(None), job: StoredValue::new_local(None) };
        lab.follow_script(move |act| sending.heard(act));
        on_cleanup(move || {
            lab.follow_script(|_| {});
            sending.rest();
        });
        sending
    }

    pub(super) fn is_busy(self) -> bool {
        matches!(self.progress.get(), Progress::Sending(..))
    }

    pub(super) fn start(self, target: Target, what: Sendable, rhythm: Rhythm) {
        self.rest();
        self.load.set(None);
        let after = self.lab.commands.with_untracked(|commands| commands.recent().next().map_or(0, |asked| asked.id));
        self.job.set_value(Some(Job {
            target,
            what,
            rhythm,
            sent: 0,
            timer: None,
            began_us: now_us(),
            waits_since_us: VecDeque::new(),
            trips_us: Vec::new(),
            after,
        }));
        self.go_on();
    }

    pub(super) fn stop(self) {
        let sent = self.with(|job| job.sent).unwrap_or_default();
        self.over(Progress::Done(sent));
    }

    /// Why the relay refused one of its commands, as a sentence.
    pub(super) fn refusal(self) -> Option<String> {
        let after = self.with(|job| job.after)?;
        self.lab.commands.with(|commands| {
            commands.recent().take_while(|asked| asked.id > after).find_map(|asked| match &asked.fate {
                Fate::Refused(why) => Some(format!("The relay refused it: {why}.")),
                Fate::Waiting | Fate::Done => None,
            })
        })
    }

    /// Sends what is due, and waits for the rest.
    fn go_on(self) {
        if let Some(why) = untrack(|| self.refusal()) {
            return self.over(Progress::Failed(why));
        }
        let Some(rhythm) = self.with(|job| job.rhythm) else { return };
        let most = if matches!(rhythm, Rhythm::Flood(_)) { BATCH } else { 1 };
        for _ in 0..most {
            if self.is_over() || matches!(rhythm, Rhythm::Flood(_)) && self.is_congested() {
                break;
            }
            if let Err(why) = self.send() {
                return self.over(Progress::Failed(why));
            }
        }
        let sent = self.with(|job| job.sent).unwrap_or_default();
        // What waits for its answer goes on when that comes.
        if self.is_over() && !matches!(rhythm, Rhythm::Answered(_)) {
            return self.over(Progress::Done(sent));
        }
        self.progress.set(Progress::Sending(sent, rhythm.times()));
        let pause = match rhythm {
            Rhythm::Every(pause, _) => pause,
            Rhythm::Flood(_) => Duration::ZERO,
            Rhythm::Once | Rhythm::Answered(_) => return,
        };
        let timer = set_timeout_with_handle(move || self.go_on(), pause).ok();
        self.with(|job| job.timer = timer);
    }

    /// Whether everything was sent.
    fn is_over(self) -> bool {
        self.with(|job| job.sent >= job.rhythm.times()).unwrap_or(true)
    }

    /// Whether what was sent last has not left yet.
    fn is_congested(self) -> bool {
        match self.with(|job| job.target) {
            Some(Target::Relay(..)) => {
                let waits = |asked: &&crate::lab::store::commands::Asked| asked.fate == Fate::Waiting;
                self.lab.commands.with_untracked(|commands| commands.recent().filter(waits).count() >= MAX_COMMANDS)
            }
            _ => self.lab.buffered() > MAX_BUFFERED,
        }
    }

    fn send(self) -> Result<(), String> {
        let Some((target, what)) = self.with(|job| (job.target, job.what.clone())) else { return Ok(()) };
        let what = match what {
            Sendable::Message(Body::Text(text)) => Sendable::Message(Body::Text(self.saved.fill(&text)?)),
            other => other,
        };
        let sent_us = now_us();
        match (target, what) {
            (Target::Page, Sendable::Message(Body::Text(text))) => self.lab.send(Payload::Text(text.into()), None)?,
            (Target::Page, Sendable::Message(Body::Binary(bytes))) => {
                self.lab.send(Payload::Binary(bytes.into()), None)?;
            }
            (Target::Page, Sendable::Frame(_)) => {
                return Err(
                    "A browser makes its frames itself. Choose a direction in which the relay sends.".to_owned()
                );
            }
            (Target::Relay(number, _), Sendable::Message(Body::Text(text))) => {
                self.lab.command(number, Command::Text(text));
            }
            (Target::Relay(number, _), Sendable::Message(Body::Binary(bytes))) => {
                self.lab.command(number, Command::Binary(bytes));
            }
            (Target::Relay(number, role), Sendable::Frame(mut frame)) => {
                if role == Sender::Client {
                    frame.masking_key.get_or_insert_with(random::bytes);
                }
                self.lab.command(number, Command::Frame(frame));
            }
        }
        self.with(|job| {
            job.sent += 1;
            job.waits_since_us.push_back(sent_us);
        });
        Ok(())
    }

    /// Handles an event of the page's socket.
    fn heard(self, act: &PageAct) {
        let is_page = self.with(|job| job.target == Target::Page && job.rhythm.is_measured()) == Some(true);
        match act {
            PageAct::Received(_) if is_page => self.answered(),
            PageAct::Closed { code, .. }
                if untrack(|| self.is_busy()) && self.with(|job| job.target) == Some(Target::Page) =>
            {
                self.over(Progress::Failed(format!("The connection closed with {code}.")));
            }
            _ => {}
        }
    }

    /// Takes a message for the echo of the oldest one that waits.
    fn answered(self) {
        let load = self.with(|job| {
            let now_us = now_us();
            job.trips_us.push(now_us.saturating_sub(job.waits_since_us.pop_front()?));
            let count = job.trips_us.len();
            let is_shown = count % DRAWN_EVERY == 0 || count as u64 == u64::from(job.rhythm.times());
            is_shown.then(|| Load::new(job.trips_us.clone(), now_us - job.began_us))
        });
        if let Some(load) = load.flatten() {
            self.load.set(Some(load));
        }
        if untrack(|| self.is_busy()) && self.with(|job| matches!(job.rhythm, Rhythm::Answered(_))) == Some(true) {
            if self.is_over() { self.stop() } else { self.go_on() }
        }
    }

    fn over(self, progress: Progress) {
        let load = self.with(|job| Load::new(job.trips_us.clone(), now_us() - job.began_us));
        if let Some(load) = load.filter(|load| load.count() > 0) {
            self.load.set(Some(load));
        }
        self.rest();
        self.progress.set(progress);
    }

    fn rest(self) {
        if let Some(timer) = self.with(|job| job.timer.take()).flatten() {
            timer.clear();
        }
    }

    fn with<T>(self, act: impl FnOnce(&mut Job) -> T) -> Option<T> {
        self.job.try_update_value(|job| job.as_mut().map(act)).flatten()
    }
}
