//! What may happen in a run, and how often. A run has one kind of fault, or all of them.

use std::fmt;
use std::str::FromStr;

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    // Nothing is wrong.
    StartRelay,
    Observe,
    /// An observer goes to another relay, or comes back after its relay has gone.
    MoveObserver,
    Open,
    OpenSteady,
    Talk,
    /// Sends without waiting for the echoes.
    Burst,
    Close,
    /// A client ends the TCP connection.
    Leave,
    Command,
    // Relays.
    Kill,
    Terminate,
    StopRelay,
    ContinueRelay,
    // Redis.
    StallRedis,
    ContinueRedis,
    RestartRedis,
    /// The same without its data.
    EmptyRedis,
    Flush,
    FailOver,
    /// The replica does not hear of what the primary takes.
    HoldReplica,
    // Between a relay and Redis.
    CutLine,
    StallLine,
    HealLine,
}

/// The kind of faults in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    Calm,
    Kill,
    Stop,
    Terminate,
    Stall,
    Cut,
    Restart,
    Empty,
    Flush,
    FailOver,
    All,
}

impl Profile {
    pub(crate) const EVERY: [Self; 11] = [
        Self::Calm,
        Self::Kill,
        Self::Stop,
        Self::Terminate,
        Self::Stall,
        Self::Cut,
        Self::Restart,
        Self::Empty,
        Self::Flush,
        Self::FailOver,
        Self::All,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Kill => "kill",
            Self::Stop => "stop",
            Self::Terminate => "terminate",
            Self::Stall => "stall",
            Self::Cut => "cut",
            Self::Restart => "restart",
            Self::Empty => "empty",
            Self::Flush => "flush",
            Self::FailOver => "failover",
            Self::All => "all",
        }
    }

    /// Each fault, and how often it happens in comparison with the steps of [`GOOD`], which have 100 together.
    fn faults(self) -> &'static [(Step, u32)] {
        use Step::{
            ContinueRedis, ContinueRelay, CutLine, EmptyRedis, FailOver, Flush, HealLine, HoldReplica, Kill,
            RestartRedis, StallLine, StallRedis, StopRelay, Terminate,
        };
        match self {
            Self::Calm => &[],
            Self::Kill => &[(Kill, 12)],
            Self::Stop => &[(StopRelay, 12), (ContinueRelay, 25)],
            Self::Terminate => &[(Terminate, 12)],
            Self::Stall => &[(StallRedis, 12), (ContinueRedis, 30), (StallLine, 10), (HealLine, 25)],
            Self::Cut => &[(CutLine, 15), (HealLine, 25)],
            Self::Restart => &[(RestartRedis, 12)],
            Self::Empty => &[(EmptyRedis, 12)],
            Self::Flush => &[(Flush, 15)],
            Self::FailOver => &[(FailOver, 10), (HoldReplica, 15)],
            Self::All => &[
                (Kill, 4),
                (Terminate, 3),
                (StopRelay, 4),
                (ContinueRelay, 12),
                (StallRedis, 3),
                (ContinueRedis, 20),
                (RestartRedis, 3),
                (EmptyRedis, 3),
                (Flush, 3),
                (FailOver, 3),
                (HoldReplica, 5),
                (CutLine, 5),
                (StallLine, 5),
                (HealLine, 12),
            ],
        }
    }
}

/// What happens in every run.
const GOOD: [(Step, u32); 10] = [
    (Step::StartRelay, 10),
    (Step::Observe, 10),
    (Step::MoveObserver, 12),
    (Step::Open, 12),
    (Step::OpenSteady, 8),
    (Step::Talk, 16),
    (Step::Burst, 14),
    (Step::Close, 5),
    (Step::Leave, 4),
    (Step::Command, 9),
];

/// Picks the next step among those that are possible.
pub(crate) fn next(random: &mut fastrand::Rng, profile: Profile, is_possible: impl Fn(Step) -> bool) -> Step {
    let all = GOOD.iter().chain(profile.faults()).filter(|(step, _)| is_possible(*step));
    let steps: Vec<_> = all.collect();
    let mut left = random.u32(0..steps.iter().map(|(_, weight)| weight).sum());
    for (step, weight) in steps {
        if left < *weight {
            return *step;
        }
        left -= weight;
    }
    unreachable!("the weights are what they were")
}

/// What makes a run happen again, as far as the machine lets it: `flush-17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seed {
    pub(crate) profile: Profile,
    pub(crate) number: u64,
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.profile.name(), self.number)
    }
}

impl FromStr for Seed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.rsplit_once('-').and_then(|(name, number)| {
            let profile = Profile::EVERY.into_iter().find(|profile| profile.name() == name)?;
            Some(Self { profile, number: number.parse().ok()? })
        });
        let names = || Profile::EVERY.map(Profile::name).join(", ");
        parsed.ok_or_else(|| format!("{text} is not a seed; write flush-17, for example, with one of {}", names()))
    }
}
