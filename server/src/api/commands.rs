//! What observers ask of open connections: each message read, put on a mailbox, and answered.

use crate::session::{MailboxError, PendingCommand, Session};
use observation::command::Request;
use observation::{Act, Answer, Command, ConnectionNumber, Event};
use tokio::sync::mpsc;

/// The most commands of one observer that wait for their answer.
const MAX_WAITING: usize = 64;

/// One observer's commands under way.
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

    /// Takes a message of the observer's. Gives the answer where it is known at once.
    pub(super) fn take(&mut self, text: &str, session: &Session) -> Option<Answer> {
        let Request { id, connection, command } = match serde_json::from_str(text) {
            Ok(request) => request,
            Err(error) => {
                let refused = format!(
                    "this is no command ({error}); one looks like {{\"id\": 1, \"connection\": 1, \"command\": {{\"ping\": \"6869\"}}}}"
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
                // Of a connection that never was there is no record to write into.
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
                format!("{MAX_WAITING} commands wait for their answer already; wait for those first"),
            ));
        }
        let ConnectionNumber(number) = connection;
        let closed = || format!("connection {number} is not open: it has ended, or was never there");
        let Some(mailbox) = session.mailbox(connection) else { return Err((command, closed())) };
        mailbox.put(PendingCommand::new(id, command, self.sender.clone())).map_err(|(refused, pending)| {
            let why = match refused {
                MailboxError::Closed => closed(),
                MailboxError::Full => format!("connection {number} has as many commands waiting as it may"),
            };
            (pending.command, why)
        })
    }

    /// The next answer of a connection; for ever, while none is waited for.
    pub(super) async fn answer(&mut self) -> Option<Answer> {
        let answer = self.answers.recv().await;
        self.waiting -= usize::from(answer.is_some());
        answer
    }
}
