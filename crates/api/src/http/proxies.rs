//! Whose word for a caller's address is believed: a proxy in front of the server is everybody's peer, and
//! names in `X-Forwarded-For` whom it speaks for. Anybody can send that header, so it counts from the right, and
//! only as far as it was written by proxies that the operator named.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::http::{HeaderMap, HeaderName};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The text is no address and no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownNetwork;

/// An address, or all that begin with the same bits: `127.0.0.1`, `10.0.0.0/8`, `fd00::/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// How many of its first bits count.
    bits: u32,
}

impl FromStr for Network {
    type Err = UnknownNetwork;

    fn from_str(text: &str) -> Result<Self, UnknownNetwork> {
        let (address, bits) = text.trim().split_once('/').unwrap_or((text.trim(), ""));
        let address: IpAddr = address.parse().ok().ok_or(UnknownNetwork)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = if bits.is_empty() && !text.contains('/') {
            most
        } else {
            bits.parse().ok().filter(|bits| *bits <= most).ok_or(UnknownNetwork)?
        };
        Ok(Self { address, bits })
    }
}

impl Network {
    fn holds(&self, address: IpAddr) -> bool {
        let shared = match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                (ours.to_bits() ^ theirs.to_bits()).leading_zeros()
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                (ours.to_bits() ^ theirs.to_bits()).leading_zeros()
            }
            _ => return false,
        };
        shared >= self.bits
    }
}

/// The proxies that are believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(pub Vec<Network>);

impl Proxies {
    fn hold(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.holds(address))
    }

    /// Whom a request comes from: the peer, unless it is a proxy that is believed; then the last address that such
    /// a proxy names and that is none itself.
    pub(super) fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.hold(peer) {
            return peer;
        }
        let values = headers.get_all(FORWARDED_FOR).iter().collect::<Vec<_>>();
        let named = values.into_iter().rev().flat_map(|value| {
            // What is no text names nobody.
            value.to_str().unwrap_or_default().rsplit(',')
        });
        let mut caller = peer;
        for name in named {
            let Some(address) = to_address(name.trim()) else { return caller };
            caller = address;
            if !self.hold(address) {
                break;
            }
        }
        caller
    }
}

impl Proxies {
    /// Whether the peer is a proxy that is believed and says that it was asked in TLS: by the last word of
    /// `X-Forwarded-Proto`, which is its own.
    pub(super) fn is_asked_in_tls(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        let said = headers.get_all(FORWARDED_PROTO).iter().next_back();
        let said = said.and_then(|said| said.to_str().ok()?.rsplit(',').next());
        self.hold(peer) && said.is_some_and(|said| said.trim().eq_ignore_ascii_case("https"))
    }
}

/// An address as proxies write it: some with a port.
fn to_address(name: &str) -> Option<IpAddr> {
    let address = name.parse::<IpAddr>().ok();
    let address = address.or_else(|| Some(name.parse::<SocketAddr>().ok()?.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_holds_what_begins_like_it() {
        for (text, address, holds) in [
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("192.0.2.64/26", "192.0.2.127", true),
            ("192.0.2.64/26", "192.0.2.128", false),
            ("0.0.0.0/0", "203.0.113.7", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("fd00::/8", "fdff::1", true),
            ("fd00::/8", "fe00::1", false),
            ("::1", "::1", true),
        ] {
            assert_eq!(network(text).holds(address.parse().unwrap()), holds, "{text} {address}");
        }
        for text in ["", "10.0.0.0/33", "10.0.0.0/", "10/8", "::/129", "proxy", "10.0.0.0/-1"] {
            assert_eq!(text.parse::<Network>(), Err(UnknownNetwork), "{text}");
        }
    }

    #[test]
    fn an_address_counts_as_far_as_believed_proxies_wrote_it() {
        let proxies = Proxies(vec![network("127.0.0.1"), network("10.0.0.0/8")]);
        for (peer, headers, caller) in [
            ("127.0.0.1", &[] as &[&str], "127.0.0.1"),
            ("127.0.0.1", &["203.0.113.7"], "203.0.113.7"),
            ("127.0.0.1", &["203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            // Whoever calls may have sent the rest.
            ("127.0.0.1", &["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
            ("127.0.0.1", &["198.51.100.1", "203.0.113.7, 10.9.9.9"], "203.0.113.7"),
            ("127.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("127.0.0.1", &["203.0.113.7:4711"], "203.0.113.7"),
            ("127.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("127.0.0.1", &["::ffff:203.0.113.7"], "203.0.113.7"),
            ("127.0.0.1", &["203.0.113.7, unknown"], "127.0.0.1"),
            ("127.0.0.1", &["203.0.113.7, unknown, 10.0.0.2"], "10.0.0.2"),
            ("127.0.0.1", &[""], "127.0.0.1"),
            ("198.51.100.9", &["203.0.113.7"], "198.51.100.9"),
        ] {
            let mut map = HeaderMap::new();
            for value in headers {
                map.append(FORWARDED_FOR, value.parse().unwrap());
            }
            let found = proxies.caller(peer.parse().unwrap(), &map);
            assert_eq!(found, caller.parse::<IpAddr>().unwrap(), "{peer} {headers:?}");
            let nobody = Proxies::default().caller(peer.parse().unwrap(), &map);
            assert_eq!(nobody, peer.parse::<IpAddr>().unwrap(), "nobody is believed unless named");
        }
    }

    #[test]
    fn only_a_proxy_that_is_believed_says_that_it_was_asked_in_tls() {
        let proxies = Proxies(vec![network("10.0.0.0/8")]);
        for (peer, said, is_private) in [
            ("10.0.0.1", "https", true),
            ("10.0.0.1", "http, HTTPS", true),
            ("10.0.0.1", "https, http", false),
            ("10.0.0.1", "", false),
            ("192.0.2.1", "https", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(FORWARDED_PROTO, said.parse().unwrap());
            assert_eq!(
                proxies.is_asked_in_tls(peer.parse().unwrap(), &headers),
                is_private,
                "{peer} {said}"
            );
        }
        assert!(!proxies.is_asked_in_tls("10.0.0.1".parse().unwrap(), &HeaderMap::new()));
    }
}
