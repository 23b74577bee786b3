//! Combinations of flags that expose more than an operator expects.

use crate::args::Config;
use crate::hosts::is_loopback;
use std::fmt;

/// Why the relay does not start with this configuration. Each is a sentence that says what to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dangers(Vec<String>);

impl fmt::Display for Dangers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this configuration is dangerous:")?;
        for danger in &self.0 {
            write!(f, "\n- {danger}")?;
        }
        write!(f, "\nIf that is what you want, add --accept-risks.")
    }
}

impl std::error::Error for Dangers {}

/// Looks for dangerous combinations, unless the operator accepts them.
pub(crate) fn check(config: &Config) -> Result<(), Dangers> {
    let listeners = [Some(config.listen), config.tls_listen, config.box_listen];
    let Some(public) = listeners.into_iter().flatten().find(|address| !is_loopback(*address)) else { return Ok(()) };
    if config.accept_risks {
        return Ok(());
    }
    let mut dangers = Vec::new();
    let limits = &config.client;
    let unlimited = limits.client_connections.0.is_none() && limits.client_handshakes.0.is_none();
    if unlimited {
        dangers.push(format!(
            "The relay listens on {public}, and neither --client-connections nor --client-handshakes limits a client: one visitor could \
             use up all connections. Set one of them."
        ));
    }
    for server in config.allowed_servers().filter(|server| server.is_inside()) {
        let url = server.text();
        if config.host.is_empty() {
            dangers.push(format!(
                "The relay listens on {public} and answers to every host name, and visitors can reach {url} in your network through it: so \
                 could every site that a visitor’s browser opens (DNS rebinding). List the relay’s own names with --host."
            ));
        }
        if unlimited {
            dangers.push(format!(
                "Visitors can reach {url} in your network through the relay, and no limit per client protects it. Set --client-connections or \
                 --client-handshakes."
            ));
        }
        if let Some(header) = config.relay_header.iter().find(|header| header.is_for(&server)) {
            dangers.push(format!(
                "Every visitor can reach {url} in your network and may set {} there, which that server may trust. Leave out --relay-header for \
                 it, or listen on a loopback address.",
                header.name()
            ));
        }
    }
    if dangers.is_empty() { Ok(()) } else { Err(Dangers(dangers)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_one(change: impl Fn(&mut Config), says: &[&str]) {
        let mut config = Config { listen: "192.0.2.1:80".parse().unwrap(), ..Config::default() };
        change(&mut config);
        let found = check(&config).map_or_else(|dangers| dangers.0, |()| Vec::new());
        assert_eq!(found.len(), says.len(), "{found:?}");
        for (danger, says) in found.iter().zip(says) {
            assert!(danger.contains(says), "{danger}");
        }
        config.accept_risks = true;
        assert_eq!(check(&config), Ok(()));
        config = Config { accept_risks: false, listen: "127.0.0.1:80".parse().unwrap(), ..config };
        assert_eq!(check(&config), Ok(()), "on loopback");
    }

    #[test]
    fn a_public_relay_needs_limits_and_exposes_nothing_inside_by_accident() {
        let inside = |config: &mut Config| config.relay_to = vec!["ws://10.0.0.7".parse().unwrap()];
        let private = |config: &mut Config| config.relay_to_private = vec!["ws://backend:9".parse().unwrap()];
        let named = |config: &mut Config| config.host = vec!["lab.example".parse().unwrap()];
        let unlimited = |config: &mut Config| {
            config.client.client_connections = "off".parse().unwrap();
            config.client.client_handshakes = "off".parse().unwrap();
        };
        check_one(|_| {}, &[]);
        check_one(|config| config.relay_to = vec!["wss://echo.example".parse().unwrap()], &[]);
        check_one(unlimited, &["--client-connections"]);
        check_one(inside, &["--host"]);
        check_one(private, &["ws://backend:9"]);
        check_one(|config| (private(config), named(config)).0, &[]);
        check_one(|config| (private(config), named(config), unlimited(config)).0, &["one visitor", "ws://backend:9"]);
        let header = |config: &mut Config| config.relay_header = vec!["Cookie=ws://backend:9".parse().unwrap()];
        check_one(|config| (private(config), named(config), header(config)).0, &["may set cookie there"]);
    }
}
