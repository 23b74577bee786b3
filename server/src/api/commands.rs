//! The commands that observers send: parses each one, puts it into the connection's mailbox, and returns the answer.

use crate::limits::{Client, Rated};
use crate::memory::MemoryBudget;
use crate::session::{PendingCommand, Session};
use observation::command::Request;
use observation::rule::RulesRequest;
use observation::{Act, Answer, Command, ConnectionNumber, Event};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::sync::Arc;
use tokio::sync::mpsc;

/// The most commands of one observer that may wait for an answer.
const MAX_WAITING: usize = 64;

/// The pending commands of one observer.
pub(super) struct Console {
    answers: mpsc::Receiver<Answer>,
    sender: mpsc::Sender<Answer>,
    waiting: usize,
    /// Whose commands these are, if they are limited.
    client: Option<Arc<Client>>,
}

/// The answer to a command of an observer that may only watch.
pub(super) fn refused_to_watcher(text: &str) -> Answer {
    #[derive(Deserialize)]
    struct Numbered {
        id: u64,
    }
    let id = serde_json::from_str(text).ok().map(|Numbered { id }| id);
    let refused = "this link is watch-only: it can observe and export the session, but not control its connections; use the full link";
    Answer { id, refused: Some(refused.to_owned()) }
}

/// Whether a message is meant to change rules.
fn is_about_rules(text: &str) -> bool {
    #[derive(Deserialize)]
    struct AboutRules {
        #[serde(rename = "rules")]
        _rules: IgnoredAny,
    }
    serde_json::from_str::<AboutRules>(text).is_ok()
}

async fn change_rules(text: &str, session: &Session, memory: &MemoryBudget) -> Answer {
    match serde_json::from_str::<RulesRequest>(text) {
        Ok(RulesRequest { id, rules }) => {
            let refused = session.change_rules(rules, memory).await.err();
            Answer { id: Some(id), refused: refused.map(|error| error.to_string()) }
        }
        Err(error) => {
            let refused = format!("these are not valid rules ({error}); docs/workbench.md has all fields");
            Answer { id: None, refused: Some(refused) }
        }
    }
}

impl Console {
    pub(super) fn new(client: Option<Arc<Client>>) -> Self {
        let (sender, answers) = mpsc::channel(MAX_WAITING);
        Self { answers, sender, waiting: 0, client }
    }

    /// Handles a message from the observer. Returns the answer if it is known immediately.
    pub(super) async fn take(&mut self, text: &str, session: &Session, memory: &MemoryBudget) -> Option<Answer> {
        let over = self.client.as_ref().and_then(|client| client.spend(Rated::Commands).err());
        let Request { id, connection, command } = match serde_json::from_str(text) {
            Ok(request) => request,
            Err(_) if over.is_some() => return Some(Answer { id: None, refused: over.map(|over| over.to_string()) }),
            Err(_) if is_about_rules(text) => return Some(change_rules(text, session, memory).await),
            Err(error) => {
                let refused = format!(
                    "this is not a valid command ({error}); an example is {{\"id\": 1, \"connection\": 1, \"command\": {{\"ping\": \"6869\"}}}}"
                );
                return Some(Answer { id: None, refused: Some(refused) });
            }
        };
        let put = match over {
            Some(over) => Err((command, over.to_string())),
            None => self.put(id, connection, command, session),
        };
        match put {
            Ok(()) => {
                self.waiting += 1;
                None
            }
            Err((command, why)) => {
                // A connection that never existed has no record to append to.
                if session.has_seen(connection) {
                    session.append_event(connection, &Event::Act(Act::refused(&command, why.clone())));
                }
                Some(Answer { id: Some(id), refused: Some(why) })
            }
        }
    }

    fn put(
        &self,
        id: u64,
        connection: ConnectionNumber,
        command: Command,
        session: &Session,
    ) -> Result<(), (Command, String)> {
        if self.waiting >= MAX_WAITING {
            return Err((
                command,
                format!("{MAX_WAITING} commands are already waiting for an answer; wait for those first"),
            ));
        }
        session
            .command(PendingCommand::new(id, connection, command, self.sender.clone()))
            .map_err(|(refused, pending)| (pending.command, refused.words(connection)))
    }

    /// The next answer from a connection. Never resolves if none is pending.
    pub(super) async fn answer(&mut self) -> Option<Answer> {
        let answer = self.answers.recv().await;
        self.waiting -= usize::from(answer.is_some());
        answer
    }
}
