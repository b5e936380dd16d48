//! From a target to an open connection: its name is looked up once, each address is checked, and the connection goes to just
//! that address.

use std::io;
use std::net::{IpAddr, SocketAddr};

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::allow::{Allowed, Denied};
use crate::client::Failed;
use crate::lookup::Lookup;
use crate::target::{Named, Target};
use crate::trust::Trust;

/// Most addresses of one name that are tried.
const ADDRESSES: usize = 4;

/// What a request is written to and its answer read from.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Connects, and for https makes sure that the server is the one of the target's name.
pub(crate) async fn connect(
    allowed: &Allowed,
    lookup: &dyn Lookup,
    trust: &Trust,
    target: &Target,
) -> Result<Box<dyn Stream>, Failed> {
    allowed.check(target)?;
    let stream = tcp(&addresses(allowed, lookup, target).await?, target.port()).await?;
    if !target.is_encrypted() {
        return Ok(Box::new(stream));
    }
    let name = match target.host() {
        Named::Name(name) => ServerName::try_from(name.clone()).map_err(|error| Failed::Tls(error.to_string()))?,
        Named::Address(address) => ServerName::from(*address),
    };
    match TlsConnector::from(trust.config()).connect(name, stream).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(Failed::Tls(error.to_string())),
    }
}

/// The addresses that may be connected to.
async fn addresses(allowed: &Allowed, lookup: &dyn Lookup, target: &Target) -> Result<Vec<IpAddr>, Failed> {
    let found = match target.host() {
        Named::Address(address) => vec![*address],
        Named::Name(name) => lookup.addresses(name).await.map_err(|error| Failed::Lookup(error.to_string()))?,
    };
    let mut denied: Option<Denied> = None;
    let mut checked = Vec::new();
    for address in found {
        match allowed.check_address(target, address) {
            Ok(()) => checked.push(address),
            Err(why) => drop(denied.get_or_insert(why)),
        }
    }
    match denied {
        Some(why) if checked.is_empty() => Err(why.into()),
        _ if checked.is_empty() => Err(Failed::Lookup("the name has no address".to_owned())),
        _ => Ok(checked),
    }
}

async fn tcp(addresses: &[IpAddr], port: u16) -> Result<TcpStream, Failed> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses.iter().take(ADDRESSES) {
        match TcpStream::connect(SocketAddr::new(*address, port)).await {
            Ok(stream) => {
                // One small message each way.
                stream.set_nodelay(true).map_err(|error| Failed::Connect(error.to_string()))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(Failed::Connect(last.to_string()))
}
