//! The rules of a session, the same on all relays. Redis has them sealed, with a version. A relay that changes them tells the others,
//! and each one compares the version when it renews its lease, so none misses a change for long.

use super::SharedSession;
use crate::intercept::{PreparedRules, RuleError};
use crate::session::shared::message;
use crate::session::shared::scripts::Script;
use observation::Rule;
use observation::rule::RulesChange;
use std::sync::atomic::Ordering;

/// How often a change is tried that other relays are faster than.
const TRIES: usize = 5;

impl SharedSession {
    /// Changes the rules for the connections of all relays.
    ///
    /// # Errors
    /// If the rules are invalid, or Redis cannot be reached.
    pub(in crate::session) async fn change_rules(&self, change: &RulesChange) -> Result<(), RuleError> {
        let _one_at_a_time = self.changing_rules.lock().await;
        for _ in 0..TRIES {
            let prepared = self.parts.rules.prepare(change.clone(), &self.parts.memory)?;
            let base = self.rules_version();
            let sealed = self.sealed(&prepared).ok_or(RuleError::Unreachable)?;
            let relays = self.site.key("relays");
            let (version, message) = (base.to_string(), message::rules(&self.hash));
            let arguments = [self.site.prefix().as_bytes(), version.as_bytes(), &sealed, message.as_bytes()];
            let answer = self.site.call::<(String, u64)>(Script::Rules, &[&self.key, &relays], &arguments).await;
            match answer {
                Some((status, version)) if status == "ok" => {
                    self.take_rules(prepared, version);
                    return Ok(());
                }
                Some((status, _)) if status == "changed" => self.read_rules().await?,
                _ => return Err(RuleError::Unreachable),
            }
        }
        Err(RuleError::Unreachable)
    }

    /// Takes the rules that Redis has, if another relay has changed them.
    pub(in crate::session) async fn adopt_rules(&self) {
        let _one_at_a_time = self.changing_rules.lock().await;
        if let Err(error) = self.read_rules().await {
            // It is tried again with the next renewal of the lease.
            tracing::warn!(%error, "the rules of a session cannot be taken from another relay");
        }
    }

    /// The version of the rules that this relay has; 0 before there were any.
    pub(in crate::session::shared) fn rules_version(&self) -> u64 {
        self.rules_version.load(Ordering::Acquire)
    }

    /// The rules as Redis has them; empty if there never were any.
    pub(super) fn sealed_rules(&self) -> Vec<u8> {
        let published = self.parts.rules.watch().borrow().clone();
        let sealed = self.seal.seal(published.json().as_bytes());
        sealed.filter(|_| self.rules_version() > 0).unwrap_or_default()
    }

    fn sealed(&self, prepared: &PreparedRules) -> Option<Vec<u8>> {
        self.seal.seal(prepared.json().as_bytes())
    }

    async fn read_rules(&self) -> Result<(), RuleError> {
        let link = self.site.link().ok_or(RuleError::Unreachable)?;
        let mut command = redis::cmd("HMGET");
        command.arg(&self.key).arg("rv").arg("rules");
        let answer = link.query(&command).await.and_then(|answer| Ok(redis::from_redis_value(answer)?));
        let (version, sealed): (Option<u64>, Option<Vec<u8>>) = answer.map_err(|error| {
            self.site.broken(&link, &error);
            RuleError::Unreachable
        })?;
        let (Some(version), Some(sealed)) = (version, sealed) else { return Ok(()) };
        if version <= self.rules_version() {
            return Ok(());
        }
        let rules = self.seal.open(&sealed).and_then(|json| serde_json::from_slice::<Vec<Rule>>(&json).ok());
        let Some(rules) = rules else {
            tracing::warn!("another relay has set rules that this version cannot read");
            return Ok(());
        };
        let prepared = self.parts.rules.prepare(RulesChange::Set(rules), &self.parts.memory)?;
        self.take_rules(prepared, version);
        Ok(())
    }

    fn take_rules(&self, prepared: PreparedRules, version: u64) {
        self.parts.rules.install(prepared);
        self.rules_version.store(version, Ordering::Release);
    }
}
