//! Apache httpd in front of HTTP.

use super::program::{Running, filled, write};
use super::{check_journey, check_no_upgrade, identity, relay};
use crate::support::program::{Program, free};
use crate::tls::Secure;
use std::net::SocketAddr;

/// What Debian has in other files: the modules that the file in `deploy/` names, and what they need.
const MODULES: [&str; 8] =
    ["mpm_event", "authz_core", "ssl", "http2", "headers", "proxy", "proxy_http", "socache_shmcb"];

/// Apache in front of that relay, at `address`, after `changes` of its configuration.
async fn start(program: &Program, secure: &Secure, address: SocketAddr, changes: &[(&str, &str)]) -> Running {
    let [cert, key] = identity(secure);
    let filling = [
        ("<VirtualHost *:443>", &*format!("<VirtualHost {address}>")),
        ("ServerName lab.example", "ServerName localhost"),
        ("/etc/letsencrypt/live/lab.example/fullchain.pem", &cert),
        ("/etc/letsencrypt/live/lab.example/privkey.pem", &key),
        ("http://127.0.0.1:8080/", &format!("http://{}/", secure.lab.address())),
    ];
    let text = filled("apache/framescope.conf", &[&filling, changes].concat());
    let folder = program.modules("apache2");
    let modules: String =
        MODULES.iter().map(|name| format!("LoadModule {name}_module {folder}/mod_{name}.so\n")).collect();
    let main =
        format!("ServerName localhost\nListen {address}\nPidFile httpd.pid\nErrorLog /dev/stderr\nLogLevel warn\n");
    let (folder, path) = write(&format!("apache-{}", address.port()), "httpd.conf", "");
    let root = folder.0.display().to_string();
    std::fs::write(&path, format!("ServerRoot {root}\nDefaultRuntimeDir {root}\n{modules}{main}{text}")).unwrap();
    // -X: in the foreground, as one process.
    program.start(folder, &["-X", "-f", &path], &[address]).await
}

#[tokio::test]
async fn apache_ends_tls() {
    let Some(program) = Program::find("FRAMESCOPE_APACHE") else { return };
    let address = free([127, 77, 4, 1]);
    let secure = relay("apache", address).await;
    let _apache = start(&program, &secure, address, &[]).await;
    check_journey(&secure, address).await;
}

#[tokio::test]
async fn apache_without_its_parameter_for_websockets() {
    let Some(program) = Program::find("FRAMESCOPE_APACHE") else { return };
    let address = free([127, 77, 4, 2]);
    let secure = relay("apache-plain", address).await;
    let _apache = start(&program, &secure, address, &[(" upgrade=websocket", "")]).await;
    check_no_upgrade(&secure, address).await;
}
