use super::*;

fn allowed(texts: &[&str]) -> Vec<AllowedServer> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn only_what_is_listed_is_reached() {
    let list = allowed(&["wss://Echo.example/ws", "ws://other.example:9000", "ws://[2001:4860::8]/a/"]);
    #[track_caller]
    fn check(list: &[AllowedServer], to: &str, reached: bool) {
        assert_eq!(judge(Some(to), list).is_ok(), reached, "{to}");
    }
    for to in [
        "wss://echo.example/ws",
        "wss://ECHO.example:443/ws/",
        "wss://echo.example./ws/deeper?query=1",
        "wss://echo.example/x/../ws",
        "WSS://echo.example/ws",
        "ws://other.example:9000",
        "ws://other.example:9000/any/path?q",
        "ws://[2001:4860:0::8]/a",
    ] {
        check(&list, to, true);
    }
    for to in [
        "ws://echo.example/ws",
        "wss://echo.example:444/ws",
        "wss://echo.example/wsx",
        "wss://echo.example/",
        "wss://echo.example/ws/../other",
        "wss://echo.example/ws/%2e%2e/other",
        "wss://echo.example/WS",
        "wss://echo.example.evil.example/ws",
        "wss://evil.example/ws",
        "wss://evil.example\\@echo.example/ws",
        "wss://user@echo.example/ws",
        "wss://:password@echo.example/ws",
        "wss://echo.example/ws#fragment",
        "wss://echo.example%2fws",
        "wss://echo.example/ws/..%2fother",
        "wss://echo.example/ws/..%5Cother",
        "wss://echo.example/ws/..;/other",
        "wss://echo.example/ws/%252e%252e/other",
        "wss://echo.example/ws%2f../other",
        "https://echo.example/ws",
        "ws://other.example/",
        "ws://other.example:9000@evil.example/",
        "wss:echo",
        "",
        " ",
        "wss://",
    ] {
        check(&list, to, false);
    }
    assert_eq!(judge(Some("ws://a.example"), &[]), Err(TargetError::Nowhere));
    let error = judge(Some("ws://a.example"), &list).unwrap_err().to_string();
    assert!(
        error.ends_with("it may connect to wss://Echo.example/ws, ws://other.example:9000, ws://[2001:4860::8]/a/")
    );
    assert_eq!(judge(None, &list), Err(TargetError::Missing));
}

#[test]
fn a_number_is_the_address_that_it_means() {
    let list = allowed(&["ws://127.0.0.1:9"]);
    for to in ["ws://127.1:9/", "ws://0x7f.0.0.1:9/", "ws://2130706433:9/", "ws://0177.0.0.1:9/"] {
        assert!(judge(Some(to), &list).is_ok(), "{to}");
    }
    for to in ["ws://127.0.0.2:9/", "ws://[::1]:9/", "ws://[::ffff:127.0.0.1]:9/", "ws://localhost:9/"] {
        assert!(judge(Some(to), &list).is_err(), "{to}");
    }
}

#[test]
fn a_name_leads_to_no_address_inside() {
    let [name, local, inside] =
        ["ws://a.example", "ws://localhost:1", "ws://10.0.0.7"].map(|text| AllowedServer::from_str(text).unwrap());
    let permits = |allowed: &AllowedServer, ip: &str| allowed.permits_address(ip.parse().unwrap());
    for ip in ["93.184.216.34", "8.8.8.8", "192.0.1.1", "100.128.0.1", "2606:2800:220:1::1", "::ffff:8.8.8.8"] {
        assert!(permits(&name, ip), "{ip}");
    }
    for ip in [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "0.1.2.3",
        "100.64.0.1",
        "100.127.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "192.88.99.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "fe80::1",
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "2001:db8::1",
        "2001::1",
        "2002:7f00:1::",
        "3fff::1",
        "100::1",
    ] {
        assert!(!permits(&name, ip), "{ip}");
    }
    assert!(
        permits(&local, "127.0.0.1")
            && permits(&local, "::1")
            && !permits(&local, "10.0.0.7")
            && !permits(&local, "8.8.8.8")
    );
    let private = AllowedServer::from_str("ws://a.example").unwrap().also_private();
    for ip in ["8.8.8.8", "10.1.2.3", "172.18.0.2", "192.168.1.1", "127.0.1.1", "100.64.0.1", "fd12::1", "::1"] {
        assert!(permits(&private, ip), "{ip}");
    }
    for ip in ["169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "fe80::1", "::", "ff02::1"] {
        assert!(!permits(&private, ip), "{ip}");
    }
    assert!(permits(&inside, "10.0.0.7") && !permits(&inside, "10.0.0.8") && permits(&inside, "::ffff:10.0.0.7"));
}

#[test]
fn a_header_is_allowed_for_one_server() {
    let header = |text: &str| text.parse::<AllowedHeader>();
    let [one, two] = ["wss://echo.example/ws", "wss://echo.example"].map(|text| text.parse::<AllowedServer>().unwrap());
    let allowed = [header("Authorization=wss://ECHO.example:443/ws/").unwrap()];
    let (one, two) = (one.with_headers(&allowed), two.with_headers(&allowed));
    assert!(
        one.permits_header("AUTHORIZATION") && !one.permits_header("Cookie") && !two.permits_header("Authorization")
    );
    for wrong in ["", "Authorization", "=wss://echo.example", "A B=wss://echo.example", "Cookie=https://echo.example"] {
        assert!(header(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn inside_is_what_only_this_network_reaches() {
    for (url, inside) in [
        ("ws://localhost:9", true),
        ("ws://127.0.0.1:9", true),
        ("ws://[::ffff:10.0.0.1]", true),
        ("ws://[fd00::1]", true),
        ("ws://8.8.8.8", false),
        ("ws://echo.example", false),
    ] {
        assert_eq!(AllowedServer::from_str(url).unwrap().is_inside(), inside, "{url}");
    }
    assert!(AllowedServer::from_str("ws://echo.example").unwrap().also_private().is_inside());
}

#[test]
fn what_is_no_server_cannot_be_listed() {
    for text in ["", "echo.example", "http://echo.example", "ws://", "ws://a/?b", "ws://u@a/", "ws://a/#b"] {
        assert!(AllowedServer::from_str(text).is_err(), "{text}");
    }
}
