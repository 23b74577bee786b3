//! Where a connection takes its commands: put there by observers, taken by the task that runs it.

use futures_util::task::AtomicWaker;
use observation::{Answer, Command};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// The most commands that wait for one connection.
const MAX_WAITING: usize = 64;

/// A command, and who is to be told what became of it.
#[derive(Debug)]
pub(crate) struct PendingCommand {
    /// The observer's own number for it.
    pub(crate) id: u64,
    pub(crate) command: Command,
    answers: mpsc::Sender<Answer>,
}

#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    waiting: Mutex<Waiting>,
    waker: AtomicWaker,
}

#[derive(Debug, Default)]
struct Waiting {
    commands: VecDeque<PendingCommand>,
    closed: bool,
}

/// Why an order was not put there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MailboxError {
    Closed,
    Full,
}

impl PendingCommand {
    pub(crate) fn new(id: u64, command: Command, answers: mpsc::Sender<Answer>) -> Self {
        Self { id, command, answers }
    }

    /// Tells whoever gave it; nobody, if that observer is gone.
    pub(crate) fn answer(&self, refused: Option<String>) {
        // The observer has room for as many answers as it has commands waiting.
        let _ = self.answers.try_send(Answer { id: Some(self.id), refused });
    }
}

impl Mailbox {
    /// Puts an order behind the others, and wakes the connection.
    ///
    /// # Errors
    /// When the connection has ended, or does not take what is there already.
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
        self.waker.wake();
        Ok(())
    }

    /// The next pending; while there is none, the task is woken by the one that comes.
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<PendingCommand> {
        self.waker.register(cx.waker());
        self.waiting().commands.pop_front().map_or(Poll::Pending, Poll::Ready)
    }

    /// The next order that ends the line, past all others: for a connection that is stuck.
    pub(crate) fn poll_take_drop(&self, cx: &mut Context<'_>) -> Poll<PendingCommand> {
        self.waker.register(cx.waker());
        let commands = &mut self.waiting().commands;
        let at = commands.iter().position(|pending| matches!(pending.command, Command::Drop(_)));
        at.and_then(|at| commands.remove(at)).map_or(Poll::Pending, Poll::Ready)
    }

    /// Takes no more, and gives what waits.
    pub(super) fn close(&self) -> VecDeque<PendingCommand> {
        let mut waiting = self.waiting();
        waiting.closed = true;
        std::mem::take(&mut waiting.commands)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
