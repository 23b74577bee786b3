//! nginx: in front of HTTP, and forwarding TCP.

use super::program::{Running, filled, write};
use super::{
    BehindTcp, check_echo_and_close, check_front, check_idle_cut, check_journey, check_no_upgrade, identity, open,
    relay, trust,
};
use crate::admin::metrics;
use crate::support::program::{Program, free};
use crate::support::redis::RedisServer;
use crate::support::{Feed, soon};
use crate::tls::Secure;
use framescope::Relay;
use framescope::args::Config;
use futures_util::{SinkExt, StreamExt};
use std::net::SocketAddr;
use tokio_tungstenite::tungstenite::Message;

const FILE: &str = "nginx/framescope.conf";
/// The files that only this process uses.
const MAIN: &str =
    "daemon off;\nmaster_process off;\nworker_processes 1;\nerror_log stderr warn;\npid nginx.pid;\nevents {}\n";
const PATHS: &str = "access_log off;\nclient_body_temp_path body;\nproxy_temp_path proxy;\nfastcgi_temp_path fastcgi;\n\
                     uwsgi_temp_path uwsgi;\nscgi_temp_path scgi;\n";

/// nginx in front of that relay, at `address`, after `changes` of its configuration.
async fn start(program: &Program, secure: &Secure, address: SocketAddr, changes: &[(&str, &str)]) -> Running {
    let [cert, key] = identity(secure);
    let filling = [
        ("listen 443 ssl http2;", &*format!("listen {address} ssl http2;")),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("server_name lab.example;", "server_name localhost;"),
        ("/etc/letsencrypt/live/lab.example/fullchain.pem", &cert),
        ("/etc/letsencrypt/live/lab.example/privkey.pem", &key),
        ("http://127.0.0.1:8080", &format!("http://{}", secure.lab.address())),
    ];
    let text = filled(FILE, &[&filling, changes].concat());
    run(program, &format!("{MAIN}http {{\n{PATHS}{text}}}\n"), &[address]).await
}

async fn run(program: &Program, text: &str, addresses: &[SocketAddr]) -> Running {
    let (folder, path) = write(&format!("nginx-{}", addresses[0].port()), "nginx.conf", text);
    let prefix = folder.0.display().to_string();
    program.start(folder, &["-p", &prefix, "-c", &path, "-e", "stderr"], addresses).await
}

#[tokio::test]
async fn nginx_ends_tls() {
    let Some(program) = Program::find("FRAMESCOPE_NGINX") else { return };
    let address = free([127, 77, 1, 1]);
    let secure = relay("nginx", address).await;
    let _nginx = start(&program, &secure, address, &[]).await;
    check_journey(&secure, address).await;
}

#[tokio::test]
async fn nginx_without_its_lines_for_websockets() {
    let Some(program) = Program::find("FRAMESCOPE_NGINX") else { return };
    let address = free([127, 77, 1, 2]);
    let secure = relay("nginx-plain", address).await;
    let without = [
        ("        proxy_http_version 1.1;\n", ""),
        ("        proxy_set_header Upgrade    $http_upgrade;\n", ""),
        ("        proxy_set_header Connection $connection_upgrade;\n", ""),
    ];
    let _nginx = start(&program, &secure, address, &without).await;
    let request = check_no_upgrade(&secure, address).await;
    assert!(request.starts_with(&format!("GET {} HTTP/1.0\r\n", secure.lab.path())), "{request}");
    assert!(request.contains("\r\nConnection: close\r\n"), "{request}");
}

#[tokio::test]
async fn nginx_cuts_an_idle_connection_after_its_read_timeout() {
    let Some(program) = Program::find("FRAMESCOPE_NGINX") else { return };
    let address = free([127, 77, 1, 3]);
    let secure = relay("nginx-idle", address).await;
    let _nginx = start(&program, &secure, address, &[("proxy_read_timeout 65m;", "proxy_read_timeout 200ms;")]).await;
    check_idle_cut(&secure, address).await;
}

#[tokio::test]
async fn nginx_forwards_tcp_with_the_proxy_protocol() {
    let Some(program) = Program::find("FRAMESCOPE_NGINX") else { return };
    let (plain, secured) = (free([127, 77, 1, 4]), free([127, 77, 1, 4]));
    let relay = BehindTcp::new("nginx-tcp", secured).await;
    let [http, https] = relay.addresses();
    let module = format!("{}/ngx_stream_module.so", program.modules("nginx"));
    let text = filled(
        "nginx/passthrough.conf",
        &[
            ("listen 80;", &*format!("listen {plain};")),
            ("listen 443;", &format!("listen {secured};")),
            ("127.0.0.1:8080", &http),
            ("127.0.0.1:8443", &https),
        ],
    );
    let _nginx = run(&program, &format!("load_module {module};\n{MAIN}{text}"), &[plain, secured]).await;
    relay.check(plain, secured).await;
}

/// Two relays that share their sessions. nginx gives them requests in turn, and one of them takes all when the other is gone.
#[tokio::test]
async fn nginx_in_front_of_relays_that_share_their_sessions() {
    let (Some(program), Some(redis)) = (Program::find("FRAMESCOPE_NGINX"), RedisServer::start().await) else { return };
    let address = free([127, 77, 1, 5]);
    let key = redis.folder.join("receipts.pem");
    let shared = |config: &mut Config| {
        trust(config, address);
        config.redis.redis = Some(redis.url());
        config.receipt_key = Some(key.clone());
        config.operation.admin_listen = Some(([127, 0, 0, 1], 0).into());
    };
    let secure = Secure::with("proxies-nginx-cluster", shared).await;
    let mut config = Config { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Config::default() };
    config.host = vec!["lab".parse().unwrap()];
    shared(&mut config);
    let second = Relay::start(config).await.unwrap();
    let [cert, tls_key] = identity(&secure);
    let filling = [
        ("listen 443 ssl http2;", &*format!("listen {address} ssl http2;")),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("server_name lab.example;", "server_name localhost;"),
        ("/etc/letsencrypt/live/lab.example/fullchain.pem", &cert),
        ("/etc/letsencrypt/live/lab.example/privkey.pem", &tls_key),
        ("10.0.0.11:8080", &secure.lab.address().to_string()),
        ("10.0.0.12:8080", &second.address().to_string()),
    ];
    let text = filled("nginx/cluster.conf", &filling);
    let _nginx = run(&program, &format!("{MAIN}http {{\n{PATHS}{text}}}\n"), &[address]).await;

    // Each relay gets one connection, and feeds of both relays see both connections.
    let mut feeds = [secure.lab.feed().await, Feed::open(second.address(), &secure.lab.id, 0).await];
    let sockets = [open(&secure, address).await.unwrap(), open(&secure, address).await.unwrap()];
    for relay in [&secure.lab.relay, &second] {
        let open = metrics(relay.admin_address().unwrap()).await["framescope_websockets{path=\"lab\"}"];
        assert_eq!(open, 1.0);
    }
    for feed in &mut feeds {
        check_front(&feed.opening().await.route, &format!("localhost:{}", address.port()));
        check_front(&feed.opening().await.route, &format!("localhost:{}", address.port()));
    }
    for mut socket in sockets {
        soon(socket.send(Message::text("through"))).await.unwrap();
        assert_eq!(soon(socket.next()).await.unwrap().unwrap(), Message::text("through"));
        soon(socket.close(None)).await.unwrap();
        for feed in &mut feeds {
            assert!(feed.until_closed().await.1.clean);
        }
    }
    let [mut feed, other] = feeds;
    drop(other);
    second.stop().await;
    for _ in 0..2 {
        let mut socket = open(&secure, address).await.unwrap();
        check_echo_and_close(&mut socket, &mut feed).await;
    }
}
