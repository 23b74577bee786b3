//! What `Session` needs of a session that several relays share.

use super::super::message::{ANSWERED, Message, Sealed, text};
use super::super::scripts::Script;
use super::SharedSession;
use crate::limits::{Client, Counted};
use crate::session::log::{Extract, Records};
use crate::session::mailbox::PendingCommand;
use crate::session::store::{Change, EnterError, Store};
use crate::session::usage::Role;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use observation::{ConnectionNumber, Seq};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use tokio::sync::watch;

/// How many connection numbers a session holds ready at most.
const RESERVED: usize = 64;

impl Store for SharedSession {
    fn append(&self, connections: [ConnectionNumber; 2], records: &mut Records, change: Option<Change>) -> bool {
        let mut outbox = self.outbox();
        let grown = outbox.append(self.parts.usage.touch_now(), connections, records, change);
        if self.site.queue.grew(grown) {
            let freed = outbox.shrink();
            self.site.queue.grew(freed);
        }
        let is_queued = outbox.is_queued;
        drop(outbox);
        if !is_queued {
            self.enqueue();
        }
        if let Some(Change::Opened(_)) = change {
            // The page pairs openings with its sockets by their order, and its next socket may reach another relay.
            self.site.queue.hurry();
        }
        false
    }

    fn last(&self) -> Seq {
        self.parts.tail.last()
    }

    fn extract(&self, after: Seq, max_count: usize, max_json: usize) -> Extract {
        self.parts.tail.extract(after, max_count, max_json)
    }

    fn log_bytes(&self) -> u64 {
        self.parts.tail.claim()
    }

    fn reserve_connection(&self) -> BoxFuture<'_, ()> {
        async {
            {
                let mut numbers = self.numbers();
                numbers.promised = (numbers.promised + 1).min(RESERVED);
                if numbers.free.len() >= numbers.promised {
                    return;
                }
            }
            if let Some(number) = self.count("conn").await {
                self.numbers().free.push_back(number);
            }
        }
        .boxed()
    }

    fn next_connection(&self) -> ConnectionNumber {
        let mut numbers = self.numbers();
        numbers.promised = numbers.promised.saturating_sub(1);
        let number = numbers.free.pop_front().unwrap_or_else(|| self.site.made_up());
        self.has_number(number);
        ConnectionNumber(number)
    }

    fn has_seen(&self, connection: ConnectionNumber) -> bool {
        (1..=self.last_connection.load(Ordering::Relaxed)).contains(&connection.0)
    }

    fn next_turn(&self) -> BoxFuture<'_, usize> {
        async { self.count("turn").await.map_or(0, |turn| turn as usize - 1) }.boxed()
    }

    fn enter<'a>(
        &'a self,
        role: Role,
        limit: usize,
        client: Option<&'a Arc<Client>>,
    ) -> BoxFuture<'a, Result<(), EnterError>> {
        async move {
            if !self.parts.usage.enter(role, limit) {
                return Err(EnterError::Full);
            }
            let answer = self.site.enter(&self.key, role, self.parts.usage.present(role), limit, client).await;
            let refused = match (answer.as_deref(), client) {
                (Some("full"), _) => EnterError::Full,
                (Some("client"), Some(client)) => EnterError::Client(client.over(role.counted())),
                // Without Redis, what this relay knows has to do.
                _ => return Ok(()),
            };
            self.parts.usage.leave(role);
            Err(refused)
        }
        .boxed()
    }

    fn leave(&self, role: Role, client: Option<&Arc<Client>>) {
        self.parts.usage.leave(role);
        let (Some(me), client) = (self.me.upgrade(), client.cloned()) else { return };
        self.site.spawn(async move {
            me.site.tell_presence(&me.key, me.present()).await;
            if let Some(client) = client {
                let present = [Counted::Connections, Counted::Observers].map(|counted| client.present(counted));
                me.site.tell_presence(&me.site.client_key(&client), present).await;
            }
        });
    }

    fn follow(&self) -> BoxFuture<'_, bool> {
        async {
            let is_first = self.followers.fetch_add(1, Ordering::AcqRel) == 0;
            self.flush().await;
            let has_caught_up = self.catch_up().await;
            if is_first {
                // Wakes the reader, which then reads this session too.
                self.site.deliver(&self.site.relay(), "").await;
            }
            has_caught_up
        }
        .boxed()
    }

    fn unfollow(&self) {
        self.followers.fetch_sub(1, Ordering::AcqRel);
    }

    fn is_settled(&self) -> bool {
        let is_empty = self.outbox().is_empty();
        is_empty && (!self.is_followed() || self.parts.tail.last().0 >= self.own.load(Ordering::Acquire))
    }

    fn send_elsewhere(&self, pending: PendingCommand) -> Result<(), PendingCommand> {
        let is_elsewhere = self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner).contains(&pending.connection);
        match self.me.upgrade().filter(|_| is_elsewhere) {
            Some(me) => send(me, pending),
            None => Err(pending),
        }
    }

    fn pass(&self, challenge: &str) {
        if self.passed().insert(challenge.to_owned()) {
            self.outbox().pass(challenge);
            self.enqueue();
        }
    }

    fn has_passed(&self, challenge: &str) -> bool {
        self.passed().contains(challenge)
    }

    fn interruptions(&self) -> Option<watch::Receiver<bool>> {
        Some(self.site.interruptions())
    }

    fn end_elsewhere(&self) -> BoxFuture<'_, ()> {
        self.end_everywhere().boxed()
    }

    fn remove(&self) -> BoxFuture<'_, ()> {
        Self::remove(self).boxed()
    }
}

/// Sends a command to the relay that has the connection.
fn send(session: Arc<SharedSession>, pending: PendingCommand) -> Result<(), PendingCommand> {
    let site = Arc::clone(&session.site);
    let sealed = Sealed { connection: pending.connection, command: pending.command.clone() };
    let sealed = serde_json::to_vec(&sealed).ok().and_then(|text| session.seal.seal(&text));
    let (Some(sealed), true) = (sealed, site.link().is_some()) else { return Err(pending) };
    let (id, connection) = (site.sent.next(), pending.connection);
    let from = site.relay().to_string();
    let message = Message::Command { session: session.hash.clone(), from, id, sealed: STANDARD.encode(sealed) };
    site.sent.sent().insert(id, pending);
    tokio::spawn(async move {
        let relays = site.key("relays");
        let (number, message) = (connection.0.to_string(), text(&message));
        let arguments = [site.prefix(), &number, &message].map(str::as_bytes);
        let sent = site.call::<u32>(Script::Send, &[&session.key, &relays], &arguments).await;
        if sent == Some(1) {
            tokio::time::sleep(ANSWERED).await;
        }
        // Nobody has answered.
        if let Some(pending) = site.sent.sent().remove(&id) {
            let why = match sent {
                Some(1) => format!("the relay that has connection {number} did not answer; it may be gone"),
                Some(_) => format!("the relay that had connection {number} is gone"),
                None => "the relay cannot reach the others now; try again".to_owned(),
            };
            pending.answer(Some(why));
        }
    });
    Ok(())
}
