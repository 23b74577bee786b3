//! Brings a session back that Redis has lost, with what this relay knows of it.

use super::SharedSession;
use crate::session::shared::link::Connection;
use crate::session::shared::scripts::Script;
use redis::RedisError;

impl SharedSession {
    /// Brings the session back that Redis has lost. Returns whether it exists.
    pub(in crate::session::shared) async fn restore(&self, link: &Connection) -> Result<bool, RedisError> {
        let (known, connection, passed, _) = self.state();
        let keys = [self.site.key("sessions"), self.site.key(&format!("ended:{}", self.hash))];
        let keys = [&self.key, &self.log_key, &keys[0], &keys[1]].map(String::as_str);
        let [ttl, began, known] = [self.site.ttl_ms, self.began_us, known].map(|number| number.to_string());
        let connection = connection.to_string();
        let hash = self.hash.as_bytes();
        let arguments = [
            hash,
            ttl.as_bytes(),
            &self.name,
            began.as_bytes(),
            known.as_bytes(),
            connection.as_bytes(),
            passed.as_bytes(),
        ];
        let (version, rules) = (self.rules_version().to_string(), self.sealed_rules());
        let arguments = [&arguments[..], &[version.as_bytes(), &rules]].concat();
        let answer = link.call(Script::Restore, &keys, &arguments).await?;
        let exists = redis::from_redis_value::<String>(answer)? == "ok";
        if !exists {
            self.end_here();
        }
        Ok(exists)
    }
}
