//! Caddy in front of HTTP.

use super::program::{filled, write};
use super::{check_journey, identity, relay};
use crate::support::program::{Program, free};

#[tokio::test]
async fn caddy_ends_tls() {
    let Some(program) = Program::find("FRAMESCOPE_CADDY") else { return };
    let address = free([127, 77, 3, 1]);
    let secure = relay("caddy", address).await;
    let [cert, key] = identity(&secure);
    // Caddy would ask for a certificate of lab.example, and listen on port 80 too.
    let site = format!("https://localhost:{} {{\n\tbind {}\n\ttls {cert} {key}", address.port(), address.ip());
    let text =
        filled("caddy/Caddyfile", &[("lab.example {", &*site), ("127.0.0.1:8080", &secure.lab.address().to_string())]);
    let text = format!("{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n{text}");
    let (folder, path) = write("caddy", "Caddyfile", &text);
    let _caddy = program.start(folder, &["run", "--adapter", "caddyfile", "--config", &path], &[address]).await;
    check_journey(&secure, address).await;
}
