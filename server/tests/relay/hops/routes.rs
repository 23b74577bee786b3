//! The list of routes that a relay offers.

use super::open_via;
use crate::support::{Lab, http, masked};
use crate::tls::Secure;
use observation::Routes;

async fn routes(lab: &Lab) -> Routes {
    let answer = http(lab.address(), "GET", "/api/routes", "").await;
    assert_eq!(answer.status, 200);
    serde_json::from_slice(&answer.body).unwrap()
}

#[tokio::test]
async fn each_middlebox_is_listed_with_its_settings() {
    let lab = Lab::new().await;
    let routes = routes(&lab).await;
    assert_eq!((routes.port, routes.tls_port, routes.relay_to.len()), (Some(lab.address().port()), None, 0));
    let names: Vec<_> = routes.boxes.iter().map(|offer| offer.name.as_str()).collect();
    assert_eq!(names, ["old-proxy", "idle-cut", "buffer", "slow", "reset", "rewrite"]);
    for offer in &routes.boxes {
        assert_eq!(offer.tunnel_port, None);
        assert!(!offer.title.is_empty() && offer.explanation.ends_with('.'), "{offer:?}");
        if offer.name == "old-proxy" {
            continue;
        }
        let settings = offer.settings.iter().map(|setting| format!(",{}={}", setting.name, setting.default));
        let mut raw = open_via(&lab, &format!("{}{}", offer.name, settings.collect::<String>()), "").await;
        raw.send(&masked(0x81, b"x")).await;
        assert_eq!(raw.frame().await, (0x81, b"x".to_vec()));
    }
}

#[tokio::test]
async fn ports_and_servers_are_listed() {
    let secure = Secure::with("routes", |config| {
        config.box_listen = Some(([127, 0, 0, 1], 0).into());
        config.relay_to = ["wss://echo.example/ws", "ws://127.0.0.1:9"].map(|url| url.parse().unwrap()).into();
    })
    .await;
    let routes = routes(&secure.lab).await;
    assert_eq!(routes.tls_port, secure.lab.relay.tls_address().map(|address| address.port()));
    assert_eq!(routes.relay_to, ["wss://echo.example/ws", "ws://127.0.0.1:9"]);
    let mut ports: Vec<_> = routes.boxes.iter().map(|offer| offer.tunnel_port.unwrap()).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 6);
}

#[test]
fn conflicting_flags_are_errors() {
    use clap::Parser;
    use framescope::args::Arguments;
    let parse = |flags: &[&str]| Arguments::try_parse_from([&["framescope", "serve"], flags].concat());
    assert!(parse(&["--box-listen", "127.0.0.1:0"]).unwrap_err().to_string().contains("--tls-listen"));
    assert!(parse(&["--relay-to", "https://a.example"]).unwrap_err().to_string().contains("expected ws:// or wss://"));
    assert!(parse(&["--relay-to", "ws://a.example", "--relay-to", "wss://b.example/c"]).is_ok());
}

#[tokio::test]
async fn ports_in_use_are_errors() {
    use framescope::Relay;
    use framescope::args::Config;
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    for address in [taken.local_addr().unwrap(), ([127, 0, 0, 1], 65_535).into()] {
        let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
        let config = Config { listen: any, tls_listen: Some(any), box_listen: Some(address), ..Config::default() };
        let error = Relay::start(config).await.unwrap_err().to_string();
        assert!(error.contains("--box-listen"), "{error}");
    }
}
