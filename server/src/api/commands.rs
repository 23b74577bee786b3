//! The commands that observers send: parses each one, puts it into the connection's mailbox, and returns the answer.

use crate::session::{MailboxError, PendingCommand, Session};
use observation::command::Request;
use observation::{Act, Answer, Command, ConnectionNumber, Event};
use tokio::sync::mpsc;

/// The most commands of one observer that may wait for an answer.
const MAX_WAITING: usize = 64;

/// The pending commands of one observer.
pub(super) struct Console {
    answers: mpsc::Receiver<Answer>,
    sender: mpsc::Sender<Answer>,
    waiting: usize,
}

impl Console {
    pub(super) fn new() -> Self {
        let (sender, answers) = mpsc::channel(MAX_WAITING);
        Self { answers, sender, waiting: 0 }
    }

    /// Handles a message from the observer. Returns the answer if it is known immediately.
    pub(super) fn take(&mut self, text: &str, session: &Session) -> Option<Answer> {
        let Request { id, connection, command } = match serde_json::from_str(text) {
            Ok(request) => request,
            Err(error) => {
                let refused = format!(
                    "this is not a valid command ({error}); an example is {{\"id\": 1, \"connection\": 1, \"command\": {{\"ping\": \"6869\"}}}}"
                );
                return Some(Answer { id: None, refused: Some(refused) });
            }
        };
        match self.put(id, connection, command, session) {
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
        let ConnectionNumber(number) = connection;
        let closed = || format!("connection {number} is not open: it has ended or never existed");
        let Some(mailbox) = session.mailbox(connection) else { return Err((command, closed())) };
        mailbox.put(PendingCommand::new(id, command, self.sender.clone())).map_err(|(refused, pending)| {
            let why = match refused {
                MailboxError::Closed => closed(),
                MailboxError::Full => format!("connection {number} already has the maximum number of pending commands"),
            };
            (pending.command, why)
        })
    }

    /// The next answer from a connection. Never resolves if none is pending.
    pub(super) async fn answer(&mut self) -> Option<Answer> {
        let answer = self.answers.recv().await;
        self.waiting -= usize::from(answer.is_some());
        answer
    }
}
