//! A connection's command queue: observers put commands in, the connection's task takes them out.

use futures_util::task::AtomicWaker;
use observation::{Answer, Command, ConnectionNumber};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// The most commands that wait for one connection.
const MAX_WAITING: usize = 64;

/// A command, and the observer that gets the answer.
#[derive(Debug)]
pub(crate) struct PendingCommand {
    /// The observer's own number for the command.
    pub(crate) id: u64,
    /// The connection that it is for. Both sides of a hop share a mailbox.
    pub(crate) connection: ConnectionNumber,
    pub(crate) command: Command,
    answers: mpsc::Sender<Answer>,
}

#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    waiting: Mutex<Waiting>,
    /// How many commands were put in.
    puts: AtomicU64,
    waker: AtomicWaker,
}

#[derive(Debug, Default)]
struct Waiting {
    commands: VecDeque<PendingCommand>,
    closed: bool,
}

/// Why a command was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MailboxError {
    Closed,
    Full,
}

impl MailboxError {
    /// The answer to the observer.
    pub(crate) fn words(self, connection: ConnectionNumber) -> String {
        match self {
            Self::Closed => closed(connection),
            Self::Full => format!("connection {} already has the maximum number of pending commands", connection.0),
        }
    }
}

/// The answer to a command for a connection that is not open.
pub(crate) fn closed(ConnectionNumber(number): ConnectionNumber) -> String {
    format!("connection {number} is not open: it has ended or never existed")
}

impl PendingCommand {
    pub(crate) fn new(id: u64, connection: ConnectionNumber, command: Command, answers: mpsc::Sender<Answer>) -> Self {
        Self { id, connection, command, answers }
    }

    /// Answers the observer, if it still exists.
    pub(crate) fn answer(&self, refused: Option<String>) {
        // The channel has room for as many answers as an observer may have pending commands.
        let _ = self.answers.try_send(Answer { id: Some(self.id), refused });
    }
}

impl Mailbox {
    /// How many commands wait.
    pub(crate) fn waiting_count(&self) -> usize {
        self.waiting().commands.len()
    }

    /// Appends a command and wakes the connection.
    ///
    /// # Errors
    /// When the connection has ended, or its mailbox is full.
    pub(crate) fn put(&self, pending: PendingCommand) -> Result<(), (MailboxError, PendingCommand)> {
        let mut waiting = self.waiting();
        if waiting.closed {
            return Err((MailboxError::Closed, pending));
        }
        if waiting.commands.len() >= MAX_WAITING {
            return Err((MailboxError::Full, pending));
        }
        waiting.commands.push_back(pending);
        drop(waiting);
        self.puts.fetch_add(1, Ordering::Release);
        self.waker.wake();
        Ok(())
    }

    /// Whether [`Mailbox::poll_take`] must be called again: a command was put in since `seen` was set, or `seen` is `None`. Costs
    /// a single load, for connections that ask after every read.
    pub(crate) fn has_news(&self, seen: &mut Option<u64>) -> bool {
        let puts = self.puts.load(Ordering::Acquire);
        seen.replace(puts) != Some(puts)
    }

    /// The next command. If there is none, the next one wakes the task.
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<PendingCommand> {
        self.waker.register(cx.waker());
        self.waiting().commands.pop_front().map_or(Poll::Pending, Poll::Ready)
    }

    /// The next command that drops the connection, ahead of all others: for a connection that is stuck.
    pub(crate) fn poll_take_drop(&self, cx: &mut Context<'_>) -> Poll<PendingCommand> {
        self.waker.register(cx.waker());
        let commands = &mut self.waiting().commands;
        let at = commands.iter().position(|pending| matches!(pending.command, Command::Drop(_)));
        at.and_then(|at| commands.remove(at)).map_or(Poll::Pending, Poll::Ready)
    }

    /// Closes the mailbox and returns the remaining commands.
    pub(crate) fn close(&self) -> VecDeque<PendingCommand> {
        let mut waiting = self.waiting();
        waiting.closed = true;
        std::mem::take(&mut waiting.commands)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
