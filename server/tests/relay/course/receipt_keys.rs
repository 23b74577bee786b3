//! The key that signs receipts, and its file.

use super::command::{framescope, public_key};
use super::receipts::{judged, receipt};
use super::{folder, lab_with};

#[tokio::test]
async fn a_key_is_kept_in_a_file() {
    let folder = folder();
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("receipts.pem");
    let first = lab_with(|config| config.receipt_key = Some(file.clone())).await;
    let receipt = receipt(&first, None).await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let second = lab_with(|config| config.receipt_key = Some(file.clone())).await;
    assert_eq!(judged(&second, &receipt).await["own"], true);
    assert!(receipt.contains(&format!("key: {}", public_key(&file))));
    std::fs::write(&file, "no key").unwrap();
    let config = framescope::args::Config { receipt_key: Some(file), ..Default::default() };
    let error = framescope::Relay::start(config).await.unwrap_err().to_string();
    assert!(error.contains("contains no private key in PEM"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_reported() {
    use std::os::unix::fs::PermissionsExt;
    let file = folder().with_extension("pem");
    let key = file.to_str().unwrap();
    // The wrong option ends the relay after it has read the key.
    let start = || framescope(&["serve", "--listen", "127.0.0.1:0", "--receipt-key", key, "--relay-ca", "/none"], "").2;
    let quiet = start();
    assert!(quiet.contains("--relay-ca") && !quiet.contains("chmod"), "{quiet}");
    for (mode, reported) in [(0o640, false), (0o644, true), (0o602, true), (0o660, true)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let said = start();
        assert_eq!(said.contains("chmod 600"), reported, "{mode:o}: {said}");
        assert!(!reported || (said.contains(key) && said.contains(&format!("{mode:03o}"))), "{said}");
    }
}

/// `openssl genpkey -algorithm ed25519` writes keys without the public one inside.
#[test]
fn keys_from_openssl_are_accepted() {
    let file = folder().with_extension("pem");
    // RFC 8410 §10.3
    let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    std::fs::write(&file, pem).unwrap();
    // RFC 8410 §10.1, the last 32 bytes
    assert_eq!(public_key(&file), "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=");
}
