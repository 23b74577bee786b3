//! Plays the client's side of a conversation again. It says what to send next, and when; whoever has the socket sends it.

use crate::conversation::Conversation;
use observation::Party;

/// When the next message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// At the recorded times, this many times as fast. 1 is as it was.
    Times(u32),
    /// Whenever [`Player::step`] is called.
    Steps,
    /// When as many messages have come from the server as came before it in the recording.
    Answers,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Send this message of the conversation.
    Send(usize),
    /// Nothing before that time, in microseconds since the connection was open.
    At(u64),
    /// Nothing before the next step.
    Step,
    /// Nothing before this many messages have come from the server.
    Answers(usize),
    /// Everything was sent.
    Over,
}

#[derive(Clone, Debug)]
pub struct Player {
    pace: Pace,
    turns: Vec<Turn>,
    /// How many turns were taken.
    taken: usize,
    /// How many messages have come from the server.
    received: usize,
    /// How many more messages may be sent at once.
    steps: usize,
}

/// A message of the client.
#[derive(Clone, Copy, Debug)]
struct Turn {
    message: usize,
    /// In microseconds since the connection was open.
    at_us: u64,
    /// How many messages of the server came before it.
    after: usize,
}

impl Player {
    /// Only complete messages are sent.
    #[must_use]
    pub fn new(conversation: &Conversation, pace: Pace) -> Self {
        let mut after = 0;
        let mut turns = Vec::new();
        for (message, said) in conversation.messages.iter().enumerate() {
            match said.from {
                Party::Server => after += 1,
                Party::Client if said.is_whole() => {
                    let at_us = said.at_us.saturating_sub(conversation.opened_us);
                    turns.push(Turn { message, at_us, after });
                }
                Party::Client => {}
            }
        }
        Self { pace, turns, taken: 0, received: 0, steps: 0 }
    }

    /// What to do at `now_us`, in microseconds since the connection was open.
    #[must_use]
    pub fn next(&self, now_us: u64) -> Next {
        let Some(turn) = self.turns.get(self.taken) else { return Next::Over };
        let send = Next::Send(turn.message);
        match self.pace {
            _ if self.steps > 0 => send,
            Pace::Steps => Next::Step,
            Pace::Times(times) => {
                let at_us = turn.at_us / u64::from(times.max(1));
                if now_us >= at_us { send } else { Next::At(at_us) }
            }
            Pace::Answers if self.received >= turn.after => send,
            Pace::Answers => Next::Answers(turn.after - self.received),
        }
    }

    /// The message of [`Next::Send`] was sent.
    pub fn sent(&mut self) {
        self.taken += 1;
        self.steps = self.steps.saturating_sub(1);
    }

    /// A message came from the server.
    pub fn received(&mut self) {
        self.received += 1;
    }

    /// Sends the next message, whatever the pace says.
    pub fn step(&mut self) {
        self.steps = 1;
    }

    /// How many messages were sent, and how many there are.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        (self.taken.min(self.turns.len()), self.turns.len())
    }
}
