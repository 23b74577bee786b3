//! The commands that the page sent to the relay, and the outcome of each.

use observation::command::{Command, Request};
use observation::{Answer, ConnectionNumber};
use std::collections::VecDeque;

/// The most commands kept. The oldest are dropped first.
const MAX: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub id: u64,
    pub connection: ConnectionNumber,
    /// The command's name.
    pub what: &'static str,
    pub fate: Fate,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Sent, not answered yet.
    Waiting,
    Done,
    /// Why not, as a sentence without a capital and a period.
    Refused(String),
}

/// The last commands of this page.
#[derive(Clone, Debug, Default)]
pub struct Commands {
    last: u64,
    /// In the order in which they were sent.
    asked: VecDeque<Asked>,
}

impl Commands {
    /// Records a command and returns its request with a number.
    pub fn ask(&mut self, connection: ConnectionNumber, command: Command) -> Request {
        self.last += 1;
        if self.asked.len() == MAX {
            self.asked.pop_front();
        }
        self.asked.push_back(Asked { id: self.last, connection, what: command.name(), fate: Fate::Waiting });
        Request { id: self.last, connection, command }
    }

    /// Records an answer. An answer without a number is for the oldest open command, since the relay answers in order.
    pub fn answer(&mut self, Answer { id, refused }: Answer) {
        let waiting = |asked: &&mut Asked| asked.fate == Fate::Waiting && id.is_none_or(|id| id == asked.id);
        if let Some(asked) = self.asked.iter_mut().find(waiting) {
            asked.fate = refused.map_or(Fate::Done, Fate::Refused);
        }
    }

    /// Records that no more answers will come.
    pub fn give_up(&mut self) {
        for asked in self.asked.iter_mut().filter(|asked| asked.fate == Fate::Waiting) {
            asked.fate = Fate::Refused("the connection to the relay ended before it answered".into());
        }
    }

    /// The newest first.
    pub fn recent(&self) -> impl Iterator<Item = &Asked> {
        self.asked.iter().rev()
    }

    /// The newest command of this name.
    pub fn last(&self, what: &str) -> Option<&Asked> {
        self.recent().find(|asked| asked.what == what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONNECTION: ConnectionNumber = ConnectionNumber(1);

    fn fates(commands: &Commands) -> Vec<(&'static str, Fate)> {
        commands.recent().map(|asked| (asked.what, asked.fate.clone())).collect()
    }

    fn refused(why: &str) -> Fate {
        Fate::Refused(why.to_owned())
    }

    #[test]
    fn each_command_meets_its_answer() {
        let mut commands = Commands::default();
        let ping = commands.ask(CONNECTION, Command::Ping(Vec::new())).id;
        let pause = commands.ask(CONNECTION, Command::Pause).id;
        assert_eq!(fates(&commands), [("pause", Fate::Waiting), ("ping", Fate::Waiting)]);
        commands.answer(Answer { id: Some(pause), refused: Some("it is paused already".into()) });
        commands.answer(Answer { id: Some(ping), refused: None });
        assert_eq!(fates(&commands), [("pause", refused("it is paused already")), ("ping", Fate::Done)]);
        // An answered command keeps its outcome.
        commands.answer(Answer { id: Some(ping), refused: Some("no".into()) });
        commands.give_up();
        assert_eq!(commands.last("ping").map(|asked| &asked.fate), Some(&Fate::Done));
        assert_eq!(commands.last("drop"), None);
    }

    #[test]
    fn an_answer_without_a_number_is_to_the_oldest() {
        let mut commands = Commands::default();
        commands.ask(CONNECTION, Command::Pause);
        commands.ask(CONNECTION, Command::Resume);
        commands.answer(Answer { id: None, refused: Some("no command".into()) });
        assert_eq!(fates(&commands), [("resume", Fate::Waiting), ("pause", refused("no command"))]);
        commands.give_up();
        assert!(matches!(commands.last("resume").map(|asked| &asked.fate), Some(Fate::Refused(_))));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut commands = Commands::default();
        (0..=MAX).for_each(|_| drop(commands.ask(CONNECTION, Command::Pause)));
        assert_eq!(commands.recent().count(), MAX);
        commands.answer(Answer { id: Some(1), refused: None });
        assert!(commands.recent().all(|asked| asked.fate == Fate::Waiting));
    }
}
