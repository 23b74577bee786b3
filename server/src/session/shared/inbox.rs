//! What arrives from other relays.

use super::message::{ANSWERED, Message, Sealed, text};
use super::session::{SharedSession, SharedSite};
use crate::session::mailbox::{MailboxError, PendingCommand, closed};
use observation::Answer;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Takes a message of another relay.
pub(super) fn take(site: &Arc<SharedSite>, message: &[u8]) {
    match serde_json::from_slice(message) {
        Ok(Message::Command { session, from, id, sealed }) => {
            let sender = Sender { site: Arc::clone(site), relay: from, id };
            let session = site.session(&session);
            tokio::spawn(sender.ask(session, sealed));
        }
        Ok(Message::Answer { id, refused }) => {
            if let Some(pending) = site.sent.sent().remove(&id) {
                pending.answer(refused);
            }
        }
        Ok(Message::Ended { session }) => site.session(&session).iter().for_each(|session| session.end_here()),
        Ok(Message::Rules { session }) => {
            if let Some(session) = site.session(&session) {
                tokio::spawn(async move { session.adopt_rules().await });
            }
        }
        // It only wakes the reader, or a later version sent it.
        Err(_) => {}
    }
}

/// The relay that waits for an answer.
struct Sender {
    site: Arc<SharedSite>,
    relay: String,
    id: u64,
}

impl Sender {
    async fn ask(self, session: Option<Arc<SharedSession>>, sealed: String) {
        let refused = match session.and_then(|session| Some((session.unseal(&sealed)?, session))) {
            Some((Sealed { connection, command }, session)) => {
                let (answers, mut answer) = mpsc::channel(1);
                let pending = PendingCommand::new(self.id, connection, command, answers);
                let put = match session.mailboxes().of(connection) {
                    Some(mailbox) => mailbox.put(pending).map_err(|(error, _)| error),
                    None => Err(MailboxError::Closed),
                };
                match put {
                    Ok(()) => match timeout(ANSWERED, answer.recv()).await {
                        Ok(Some(Answer { refused, .. })) => refused,
                        // The connection has ended without taking it.
                        _ => Some(closed(connection)),
                    },
                    Err(error) => Some(error.words(connection)),
                }
            }
            None => Some("the relay that had this connection does not know the session any more".to_owned()),
        };
        let message = text(&Message::Answer { id: self.id, refused });
        self.site.deliver(&self.relay, &message).await;
    }
}
