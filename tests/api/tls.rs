//! Who may connect, and how: encrypted where that is configured, with the same limits as without; and web pages of listed
//! origins.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

mod pages;
use support::binary::{self, finish};
use support::raw::{End, Raw, head};
use support::server::{Server, Setup, signal};
use support::{PATIENCE, eventually, ok};

/// A certificate for this machine that vouches for itself, and its key.
struct Identity {
    folder: tempfile::TempDir,
}

impl Identity {
    fn new() -> Self {
        let identity = Self { folder: ok(tempfile::tempdir(), "a folder") };
        identity.renew();
        identity
    }

    /// Another one in the same files.
    fn renew(&self) {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = ok(rcgen::generate_simple_self_signed(names), "a certificate");
        ok(fs::write(self.certificate(), made.cert.pem()), "the certificate");
        ok(fs::write(self.key(), made.signing_key.serialize_pem()), "the key");
        ok(fs::set_permissions(self.key(), fs::Permissions::from_mode(0o600)), "the key");
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    fn config(&self) -> String {
        let (certificate, key) = (self.certificate(), self.key());
        format!("[tls]\ncertificate = '{}'\nkey = '{}'\n", certificate.display(), key.display())
    }
}

/// A client that knows just this certificate, and speaks these versions.
fn trusting(certificate: &Path, versions: &[&'static rustls::SupportedProtocolVersion]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let certificate = ok(CertificateDer::from_pem_file(certificate), "the certificate");
    ok(roots.add(certificate), "the certificate");
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    ok(builder.with_protocol_versions(versions), "versions").with_root_certificates(roots).with_no_client_auth()
}

/// An encrypted connection, and what came over it.
struct Encrypted {
    stream: StreamOwned<ClientConnection, TcpStream>,
    said: Vec<u8>,
}

impl Encrypted {
    fn connect(server: &Server, config: ClientConfig) -> Self {
        let address = server.http.url.strip_prefix("https://").expect("TLS");
        let socket = ok(TcpStream::connect(address), "a connection");
        ok(socket.set_nodelay(true), "TCP_NODELAY");
        let name = ok(ServerName::try_from("localhost"), "a name");
        let connection = ok(ClientConnection::new(Arc::new(config), name), "a client");
        Self { stream: StreamOwned::new(connection, socket), said: Vec::new() }
    }

    fn send(&mut self, bytes: impl AsRef<[u8]>) -> End {
        match self.stream.write_all(bytes.as_ref()).and_then(|()| self.stream.flush()) {
            Ok(()) => End::Open,
            Err(_) => End::Closed,
        }
    }

    fn look(&mut self) -> End {
        ok(self.stream.sock.set_read_timeout(Some(Duration::from_millis(20))), "a timeout");
        let mut piece = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => return End::Closed,
                Ok(read) => self.said.extend_from_slice(&piece[..read]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return End::Open,
                Err(_) => return End::Closed,
            }
        }
    }

    /// Sends a piece every moment, or nothing, until the server has had enough.
    fn drip(&mut self, piece: &[u8]) -> Duration {
        let began = Instant::now();
        while (piece.is_empty() || self.send(piece) == End::Open) && self.look() == End::Open {
            assert!(began.elapsed() < PATIENCE, "the server still listens; it said {}", self.text());
        }
        began.elapsed()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.said).into_owned()
    }
}

fn both() -> &'static [&'static rustls::SupportedProtocolVersion] {
    rustls::ALL_VERSIONS
}

#[test]
fn a_server_with_a_certificate_speaks_tls_only() {
    let identity = Identity::new();
    let server = Server::with(&Setup { config: &identity.config(), ..Setup::default() });
    assert!(server.http.url.starts_with("https://127.0.0.1:"), "{}", server.http.url);
    for version in both() {
        let mut config = trusting(&identity.certificate(), &[version]);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut client = Encrypted::connect(&server, config);
        client.send(head(&server.http, "GET", "/v1/providers") + "connection: close\r\n\r\n");
        client.drip(b"");
        assert!(client.text().starts_with("HTTP/1.1 200 OK\r\n"), "{}", client.text());
        assert_eq!(client.stream.conn.alpn_protocol(), Some(b"http/1.1".as_slice()));
        assert_eq!(client.stream.conn.protocol_version(), Some(version.version));
    }
    // A client that calls without TLS learns that the scheme is https, and the server does nothing that it asked for.
    let mut plain = Raw::connect(&server.http);
    plain.send(head(&server.http, "GET", "/v1/providers") + "\r\n");
    plain.until_closed();
    assert!(plain.text().starts_with("HTTP/1.1 400 ") && plain.text().contains("https://"), "{}", plain.text());
}

#[test]
fn client_commands_speak_tls() {
    let identity = Identity::new();
    let server = Server::with(&Setup { config: &identity.config(), ..Setup::default() });
    let list = |more: &[&str]| finish(server.command().args(["provider", "list", "-f", "csv"]).args(more), b"");
    let certificate = identity.certificate().display().to_string();
    let listed = list(&["--ca-certificate", &certificate]);
    assert_eq!(String::from_utf8_lossy(&listed.succeeded()), "name,version,models,state,title\n");
    // The system does not know the server's certificate, or the client trusts another one.
    let stranger = Identity::new();
    for more in [&[][..], &["--ca-certificate", &stranger.certificate().display().to_string()]] {
        let refused = list(more);
        assert_eq!(refused.code, 1, "{}", refused.transcript());
        assert!(refused.stderr.contains("error: "), "{}", refused.stderr);
        assert!(refused.stderr.contains("--ca-certificate"), "{}", refused.stderr);
    }
    let key = identity.key().display().to_string();
    let refused = list(&["--ca-certificate", &key]);
    assert!(refused.stderr.contains("there is no certificate in "), "{}", refused.stderr);
}

/// The limits of `tests/api/clients.rs`, through TLS; and the handshake has one, too.
#[test]
fn slow_and_greedy_clients_are_cut_through_tls() {
    let identity = Identity::new();
    let config = format!(
        "{}[limits]\nfree_disk_bytes = 0\nhead_ms = 500\nbody_idle_ms = 500\nconnections = 8\n",
        identity.config()
    );
    let server = Server::with(&Setup { config: &config, ..Setup::default() });
    let slack = Duration::from_secs(10);
    let connect = || Encrypted::connect(&server, trusting(&identity.certificate(), both()));
    // More than there are places: silent, in the middle of a handshake, or dripping.
    let mut silent: Vec<Raw> = (0..12).map(|_| Raw::connect(&server.http)).collect();
    for (number, client) in silent.iter_mut().enumerate() {
        if number % 2 == 1 {
            client.send([0x16, 3, 1, 2, 0]);
        }
    }
    let mut patient = connect();
    patient.send(head(&server.http, "GET", "/v1/providers") + "connection: close\r\n\r\n");
    let took = patient.drip(b"");
    assert!(patient.text().starts_with("HTTP/1.1 200 OK"), "{}", patient.text());
    assert!(took < slack, "{took:?}");
    for client in &mut silent {
        client.until_closed();
    }
    let mut dripping = Raw::connect(&server.http);
    dripping.send([0x16, 3, 1, 0x40, 0]);
    let took = dripping.drip(&[1]);
    assert!(took < slack, "{took:?}");

    let mut slow = connect();
    slow.send(head(&server.http, "GET", "/v1/jobs"));
    let took = slow.drip(b"x");
    assert!(took < slack, "{took:?}");
    let mut stopped = connect();
    stopped.send(head(&server.http, "POST", "/v1/jobs"));
    stopped.send("content-type: application/json\r\ncontent-length: 1000\r\n\r\n{\"provider\":");
    let took = stopped.drip(b"");
    assert!(took < slack && stopped.text().starts_with("HTTP/1.1 408 "), "{took:?} {}", stopped.text());
    let many: String = (0..200).map(|number| format!("x-{number}: y\r\n")).collect();
    for flood in [many, format!("x: {}\r\n", "y".repeat(100_000))] {
        let mut client = connect();
        client.send(head(&server.http, "GET", "/v1/jobs") + &flood + "\r\n");
        client.drip(b"");
        assert!(client.text().starts_with("HTTP/1.1 431 "), "{}", client.text());
    }
}

#[test]
fn a_renewed_certificate_is_taken_up() {
    let identity = Identity::new();
    let server = Server::with(&Setup { config: &identity.config(), ..Setup::default() });
    let known = |certificate: &Path| {
        let mut client = Encrypted::connect(&server, trusting(certificate, both()));
        client.send(head(&server.http, "GET", "/healthz") + "connection: close\r\n\r\n");
        client.drip(b"");
        client.text().starts_with("HTTP/1.1 200 OK")
    };
    assert!(known(&identity.certificate()));
    let old = identity.folder.path().join("old.pem");
    ok(fs::copy(identity.certificate(), &old), "a copy");
    identity.renew();
    assert!(known(&old) && !known(&identity.certificate()));
    signal(server.id(), "HUP");
    eventually("the new certificate", || known(&identity.certificate()).then_some(()));
    assert!(!known(&old));
    // What cannot be used changes nothing.
    let new = identity.folder.path().join("new.pem");
    ok(fs::rename(identity.certificate(), &new), "a move");
    signal(server.id(), "HUP");
    eventually("a complaint", || {
        server.stderr().contains("TLS goes on with the certificate that it has").then_some(())
    });
    assert!(known(&new));
}

#[test]
fn a_server_says_what_is_wrong_with_its_certificate() {
    let (identity, other) = (Identity::new(), Identity::new());
    let data = identity.folder.path().join("data");
    let serve = |certificate: &Path, key: &Path| {
        let mut command = binary::command();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&data);
        command.arg("--tls-certificate").arg(certificate).arg("--tls-key").arg(key);
        let said = finish(&mut command, b"");
        assert_eq!(said.code, 1, "{}", said.transcript());
        assert!(!data.exists(), "nothing is made");
        said.stderr
    };
    let nowhere = identity.folder.path().join("nowhere.pem");
    let said = serve(&nowhere, &identity.key());
    assert!(said.contains("the TLS certificate ") && said.contains(" cannot be read"), "{said}");
    let said = serve(&identity.certificate(), &other.key());
    assert!(said.contains("the key does not belong to the certificate"), "{said}");
    let said = serve(&identity.key(), &identity.key());
    assert!(said.contains("the certificate file holds no certificate"), "{said}");
    let half = finish(binary::command().args(["serve", "--tls-key"]).arg(identity.key()), b"");
    assert!(half.stderr.contains("TLS has a key and no certificate"), "{}", half.stderr);
}

#[test]
fn a_server_warns_where_it_could_be_overheard() {
    let identity = Identity::new();
    let overheard = "connections are not encrypted";
    let beyond = |config: &str| {
        let server = Server::with(&Setup { config, listen: "0.0.0.0:0", ..Setup::default() });
        server.stderr()
    };
    let said = beyond("allowed_hosts = ['analyte.example.org']\n");
    assert!(said.contains(overheard) && !said.contains("will be refused"), "{said}");
    let said = beyond(&identity.config());
    assert!(!said.contains(overheard) && said.contains("calls from other machines will be refused"), "{said}");
    assert!(!Server::start().stderr().contains("warning"));
    ok(fs::set_permissions(identity.key(), fs::Permissions::from_mode(0o644)), "the key");
    let server = Server::with(&Setup { config: &identity.config(), ..Setup::default() });
    assert!(server.stderr().contains("every user of this machine may read the TLS key"), "{}", server.stderr());
}
