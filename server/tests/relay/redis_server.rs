//! The Redis of the tests does what a real one does.

use crate::support::redis::{Options, RedisServer, User};
use crate::support::soon;
use redis::Client;

/// Gives the value of the key `a`.
async fn kept(server: &RedisServer) -> Option<u32> {
    server.command(&["GET", "a"]).await
}

#[tokio::test]
async fn a_server_loses_its_memory_unless_it_appends_to_a_file() {
    for append_only in [false, true] {
        let Some(mut server) = RedisServer::with(Options { append_only, ..Options::default() }).await else {
            return;
        };
        let url = server.url();
        for crash in [false, true] {
            server.command::<()>(&["SET", "a", "7"]).await;
            match crash {
                false => server.stop().await,
                true => server.kill().await,
            }
            server.start_again().await;
            assert_eq!(kept(&server).await, append_only.then_some(7));
        }
        server.flush().await;
        assert_eq!(kept(&server).await, None);
        server.command::<()>(&["SET", "a", "8"]).await;
        server.stop().await;
        server.wipe();
        server.start_again().await;
        assert_eq!((kept(&server).await, server.url()), (None, url));
    }
}

#[tokio::test]
async fn a_paused_server_answers_when_it_is_resumed() {
    let Some(server) = RedisServer::start().await else { return };
    server.pause().await;
    let mut answer = std::pin::pin!(server.command::<String>(&["PING"]));
    assert!(futures_util::poll!(&mut answer).is_pending());
    server.resume().await;
    assert_eq!(answer.await, "PONG");
}

#[tokio::test]
async fn a_replica_has_the_data_and_is_promoted() {
    let Some(mut primary) = RedisServer::start().await else { return };
    primary.command::<()>(&["SET", "a", "7"]).await;
    let replica = Options { replica_of: Some(primary.address), ..Options::default() };
    let mut replica = RedisServer::with(replica).await.unwrap();
    assert_eq!(kept(&replica).await, Some(7));
    let refused = replica.try_command::<()>(&["SET", "a", "8"]).await.unwrap_err();
    assert!(refused.to_string().contains("read only replica"), "{refused}");
    primary.kill().await;
    replica.promote().await;
    replica.command::<()>(&["SET", "a", "8"]).await;
    assert_eq!(kept(&replica).await, Some(8));
}

/// The addresses and the authority are what a client needs.
#[tokio::test]
async fn a_user_has_a_password_and_rules_and_tls() {
    let user = User { name: "relay", password: "secret", rules: "~framescope:* +get +set".to_owned() };
    let options = Options { tls: true, user: Some(user), ..Options::default() };
    let Some(server) = RedisServer::with(options).await else { return };
    for url in [server.url(), server.unix_url()] {
        let client = Client::open(url).unwrap();
        let mut connection = soon(client.get_multiplexed_async_connection()).await.unwrap();
        let mut ask = async |key: &str| redis::cmd("GET").arg(key).query_async::<Option<u32>>(&mut connection).await;
        assert_eq!(ask("framescope:a").await, Ok(None));
        assert_eq!(ask("other:a").await.unwrap_err().code(), Some("NOPERM"));
    }
    let without = Client::open(format!("redis://{}", server.address)).unwrap();
    let mut without = soon(without.get_multiplexed_async_connection()).await.unwrap();
    let refused = redis::cmd("PING").query_async::<String>(&mut without).await.unwrap_err();
    assert_eq!(refused.code(), Some("NOAUTH"));

    let pem = tokio_rustls::rustls::pki_types::pem::PemObject::from_pem_file(server.ca_file()).unwrap();
    crate::tls::connect(server.tls_address, pem, "localhost", &[]).await.unwrap();
    assert!(server.tls_url().starts_with("rediss://relay:secret@127.78."));
}
