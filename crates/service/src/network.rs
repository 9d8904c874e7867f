//! Whom an address is counted as.

use std::net::{IpAddr, Ipv6Addr};

/// What is counted for an address. Whoever has one address of an IPv6 network has its whole /64; an
/// IPv4 address that came mapped into IPv6 is told as IPv4. A loopback address stays one.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_counts_as_its_network_and_a_mapped_one_as_itself() {
        for (address, network) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("::ffff:127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
            ("2001:db8:0:1:aaaa::1", "2001:db8:0:1::"),
            ("2001:db8:0:1:bbbb::2", "2001:db8:0:1::"),
            ("2001:db8:0:2:aaaa::1", "2001:db8:0:2::"),
        ] {
            let network: IpAddr = network.parse().unwrap();
            assert_eq!(network_of(address.parse().unwrap()), network, "{address}");
        }
    }
}
