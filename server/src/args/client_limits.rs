//! The limits for each client address.

use super::Switch;
use super::rate::{AtOnce, ByteRate, Rate};
use clap::Args;

/// What the clients at one address may use together: an IPv4 address, or an IPv6 network of 64 bits. A class behind one router
/// has one address, so the defaults are for more than thirty learners. `off` means no limit.
#[derive(Args, Clone, Debug)]
pub struct ClientLimits {
    /// Maximum number of sessions that the clients at one address have made and that still exist, or off
    #[arg(long, env = "FRAMESCOPE_CLIENT_SESSIONS", value_name = "N", default_value = "250")]
    pub client_sessions: AtOnce,

    /// How many sessions the clients at one address can create in a time, such as 120/m, or off
    #[arg(long, env = "FRAMESCOPE_CLIENT_SESSION_RATE", value_name = "RATE", default_value = "120/m")]
    pub client_session_rate: Rate,

    /// Maximum number of open connections of the clients at one address, or off: TCP connections, WebSockets over HTTP/2, and
    /// connections to other servers
    #[arg(long, env = "FRAMESCOPE_CLIENT_CONNECTIONS", value_name = "N", default_value = "1024")]
    pub client_connections: AtOnce,

    /// How many handshakes the clients at one address can begin in a time, TLS and WebSocket together, or off
    #[arg(long, env = "FRAMESCOPE_CLIENT_HANDSHAKES", value_name = "RATE", default_value = "1200/m")]
    pub client_handshakes: Rate,

    /// How many bytes the WebSockets of the clients at one address can carry in a time, such as 32MiB/s, or off; beyond it, the
    /// relay reads more slowly
    #[arg(long, env = "FRAMESCOPE_CLIENT_BYTES", value_name = "RATE", default_value = "64MiB/s")]
    pub client_bytes: ByteRate,

    /// Maximum number of observers of the clients at one address, or off
    #[arg(long, env = "FRAMESCOPE_CLIENT_OBSERVERS", value_name = "N", default_value = "128")]
    pub client_observers: AtOnce,

    /// How many commands the observers at one address can send in a time, or off
    #[arg(long, env = "FRAMESCOPE_CLIENT_COMMANDS", value_name = "RATE", default_value = "1200/m")]
    pub client_commands: Rate,

    /// How many attempts of the clients at one address are graded in a time, or off
    #[arg(long, env = "FRAMESCOPE_CLIENT_RECEIPTS", value_name = "RATE", default_value = "900/m")]
    pub client_receipts: Rate,

    /// How many exports the clients at one address can request in a time, or off
    #[arg(long, env = "FRAMESCOPE_CLIENT_EXPORTS", value_name = "RATE", default_value = "300/m")]
    pub client_exports: Rate,

    /// Whether the limits per address also apply to clients on this machine
    #[arg(long, env = "FRAMESCOPE_CLIENT_LIMITS_ON_LOOPBACK", value_name = "SWITCH", default_value = "off")]
    pub client_limits_on_loopback: Switch,
}
