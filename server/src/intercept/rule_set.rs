//! The rules of a session, checked and compiled.

use super::replacement::Replacement;
use crate::behaviour::Fault;
use crate::conditions::Condition;
use observation::rule::{CloseCode, Delay, Duplicate, Hold, Reorder, Rule, Then};
use std::time::Duration;
use thiserror::Error;
use wire::close::MAX_REASON;

/// The most rules of a session.
pub(crate) const MAX_RULES: usize = 32;
/// The largest list of rules as JSON, in bytes. It fits into one message of the feed.
pub(crate) const MAX_JSON: usize = 48 << 10;
/// The most regular expressions in the rules of a session.
pub(crate) const MAX_PATTERNS: usize = 8;
/// The longest wait that a rule can ask for.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(300);
const MAX_NAME: usize = 80;
const MAX_TEXT: usize = 1000;
const MAX_COPIES: u32 = 10;
const MAX_BEHIND: u32 = 100;

/// All rules of a session. Those that are switched off stay in the list.
#[derive(Debug, Default)]
pub(crate) struct RuleSet {
    rules: Vec<CompiledRule>,
    /// About how much memory the compiled patterns may take, in bytes.
    pattern_bytes: usize,
}

#[derive(Debug)]
pub(crate) struct CompiledRule {
    pub(crate) rule: Rule,
    pub(crate) condition: Condition,
    pub(crate) action: Action,
}

/// What a rule does.
#[derive(Debug)]
pub(crate) enum Action {
    Hold(Hold),
    Drop,
    Delay(Duration),
    Duplicate(u32),
    Reorder { behind: u32, wait: Duration },
    Replace(Replacement),
    Corrupt(Fault),
    Close(CloseCode),
    Note(String),
}

/// Why a list of rules is refused. Without a capital letter at the start and without a full stop.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum RuleError {
    #[error("a session has at most {MAX_RULES} rules, and this list has {0}; remove some")]
    TooMany(usize),
    #[error("the rules have at most {MAX_JSON} bytes as JSON, and these have {0}; make them shorter")]
    TooLong(usize),
    #[error(
        "the rules of a session have at most {MAX_PATTERNS} regular expressions, and these have {0}; use `text` where it is enough"
    )]
    TooManyPatterns(usize),
    #[error("rule {rule}: {why}")]
    Rule { rule: usize, why: String },
    #[error("there is no rule {rule}; the session has {count}")]
    Unknown { rule: usize, count: usize },
    #[error("this relay has no memory left for rules; try again later, or use fewer regular expressions")]
    OutOfMemory,
    #[error("this relay cannot reach the others now, which have the same rules; try again")]
    Unreachable,
}

impl RuleSet {
    /// # Errors
    /// If there are too many rules, or if one of them is invalid.
    pub(crate) fn compile(rules: Vec<Rule>) -> Result<Self, RuleError> {
        if rules.len() > MAX_RULES {
            return Err(RuleError::TooMany(rules.len()));
        }
        let json = serde_json::to_vec(&rules).map_or(usize::MAX, |json| json.len());
        if json > MAX_JSON {
            return Err(RuleError::TooLong(json));
        }
        let mut set = Self::default();
        let mut patterns = 0;
        for (index, rule) in rules.into_iter().enumerate() {
            let compiled = CompiledRule::new(rule).map_err(|why| RuleError::Rule { rule: index + 1, why })?;
            patterns += compiled.condition.patterns() + usize::from(compiled.action.has_pattern());
            set.rules.push(compiled);
        }
        if patterns > MAX_PATTERNS {
            return Err(RuleError::TooManyPatterns(patterns));
        }
        set.pattern_bytes = patterns * crate::conditions::pattern::MOST_BYTES;
        Ok(set)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &CompiledRule> {
        self.rules.iter()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&CompiledRule> {
        self.rules.get(index)
    }

    /// The list as it was set.
    pub(crate) fn rules(&self) -> Vec<Rule> {
        self.rules.iter().map(|compiled| compiled.rule.clone()).collect()
    }

    pub(crate) fn pattern_bytes(&self) -> usize {
        self.pattern_bytes
    }
}

impl CompiledRule {
    fn new(rule: Rule) -> Result<Self, String> {
        if rule.name.chars().count() > MAX_NAME || rule.name.chars().any(char::is_control) {
            return Err(format!("a name has at most {MAX_NAME} characters, on one line"));
        }
        if rule.times == Some(0) {
            return Err("`times` is at least 1; to switch the rule off, set `on` to false".to_owned());
        }
        let condition = Condition::new(&rule.when)?;
        let action = Action::new(&rule.then)?;
        if rule.when.handshake.is_some() && !action.takes_handshakes() {
            return Err(format!(
                "`{}` acts on messages; for a handshake, use `hold`, `delay`, `drop` or `note`",
                rule.then.name()
            ));
        }
        Ok(Self { rule, condition, action })
    }

    /// Whether the rule has acted as many times as it may.
    pub(super) fn is_over(&self, acted: u32) -> bool {
        self.rule.times.is_some_and(|times| acted >= times)
    }
}

impl Action {
    fn new(then: &Then) -> Result<Self, String> {
        Ok(match then {
            Then::Hold(hold) => {
                wait(hold.ms)?;
                Self::Hold(*hold)
            }
            Then::Drop => Self::Drop,
            Then::Delay(Delay { ms }) => Self::Delay(wait(*ms)?),
            Then::Duplicate(Duplicate { copies }) if !(1..=MAX_COPIES).contains(copies) => {
                return Err(format!("`copies` is from 1 to {MAX_COPIES}, and this one is {copies}"));
            }
            Then::Duplicate(Duplicate { copies }) => Self::Duplicate(*copies),
            Then::Reorder(Reorder { behind, .. }) if !(1..=MAX_BEHIND).contains(behind) => {
                return Err(format!("`behind` is from 1 to {MAX_BEHIND}, and this one is {behind}"));
            }
            Then::Reorder(Reorder { behind, ms }) => Self::Reorder { behind: *behind, wait: wait(*ms)? },
            Then::Replace(replace) => Self::Replace(Replacement::new(replace)?),
            Then::Corrupt(name) => Self::Corrupt(Fault::named(name).ok_or_else(|| {
                let names: Vec<_> = Fault::ALL.iter().map(|fault| fault.words().name).collect();
                format!("there is no fault `{name}`; the faults are {}", names.join(", "))
            })?),
            Then::Close(close) => {
                if close.reason.len() > MAX_REASON {
                    let bytes = close.reason.len();
                    return Err(format!("a close reason has at most {MAX_REASON} bytes, and this one has {bytes}"));
                }
                Self::Close(close.clone())
            }
            Then::Note(text) if text.len() > MAX_TEXT => {
                return Err(format!("a note has at most {MAX_TEXT} bytes, and this one has {}", text.len()));
            }
            Then::Note(text) => Self::Note(text.clone()),
        })
    }

    fn takes_handshakes(&self) -> bool {
        matches!(self, Self::Hold(_) | Self::Delay(_) | Self::Drop | Self::Note(_))
    }

    fn has_pattern(&self) -> bool {
        matches!(self, Self::Replace(replacement) if replacement.has_pattern())
    }
}

/// A wait in milliseconds, within its limits.
fn wait(ms: u64) -> Result<Duration, String> {
    let wait = Duration::from_millis(ms);
    let most = MAX_WAIT.as_millis();
    if wait.is_zero() || wait > MAX_WAIT {
        return Err(format!("a wait is from 1 to {most} milliseconds, and this one is {ms}"));
    }
    Ok(wait)
}
