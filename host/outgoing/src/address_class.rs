//! What kind of network an address belongs to.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A kind of address. Only [`AddressClass::Public`] is connected to without the operator's listing it as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressClass {
    /// Of the public internet.
    Public,
    /// This machine.
    Loopback,
    /// A private network, also one behind a carrier's translation of addresses.
    Private,
    /// The same link; a cloud's metadata service is here.
    LinkLocal,
    /// Many receivers at once.
    Multicast,
    /// Nothing that can be connected to, or set aside for documents, tests and the future.
    Reserved,
}

impl AddressClass {
    /// Of which kind this address is. An IPv4 address within an IPv6 address (mapped, compatible, translated, 6to4, Teredo)
    /// is what it is alone, unless the outer form is not public itself.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => of_v6(address),
        }
    }
}

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "a public address",
            Self::Loopback => "an address of this machine",
            Self::Private => "an address of a private network",
            Self::LinkLocal => "a link-local address",
            Self::Multicast => "a multicast address",
            Self::Reserved => "a reserved address",
        })
    }
}

fn of_v4(address: Ipv4Addr) -> AddressClass {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        (127, ..) => AddressClass::Loopback,
        // 100.64.0.0/10 is shared with a carrier.
        (10, ..) | (172, 16..=31, _) | (192, 168, _) | (100, 64..=127, _) => AddressClass::Private,
        (169, 254, _) => AddressClass::LinkLocal,
        (224..=239, ..) => AddressClass::Multicast,
        // This network, protocol assignments, documents, 6to4 relays, benchmarks, the future and broadcast.
        (0 | 240..=255, ..) | (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => {
            AddressClass::Reserved
        }
        _ => AddressClass::Public,
    }
}

fn of_v6(address: Ipv6Addr) -> AddressClass {
    let v4 = |high: u16, low: u16| of_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => AddressClass::Loopback,
        // No address; discarded, documents, ORCHID and other protocol assignments.
        [0, 0, 0, 0, 0, 0, 0, 0] | [0x2001, 0x0db8 | 0x0001..=0x01ff, ..] | [0x3fff, 0..=0x0fff, ..] => {
            AddressClass::Reserved
        }
        // Mapped, compatible, translated (SIIT), and by NAT64's well-known prefix.
        [0, 0, 0, 0, 0, 0xffff | 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        // 6to4: the address of the relay's client.
        | [0x2002, high, low, ..] => v4(high, low),
        // Teredo: the client's address, inverted.
        [0x2001, 0, .., high, low] => v4(!high, !low),
        // Unique-local, site-local (which some networks still use), and NAT64 of a network of its own.
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] | [0x64, 0xff9b, 1, ..] => AddressClass::Private,
        [0xfe80..=0xfebf, ..] => AddressClass::LinkLocal,
        [0xff00..=0xffff, ..] => AddressClass::Multicast,
        // What is given out; all else is not.
        [0x2000..=0x3fff, ..] => AddressClass::Public,
        _ => AddressClass::Reserved,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_kind_of_address_is_known() {
        let cases = [
            ("93.184.216.34", AddressClass::Public),
            ("2606:2800:220:1:248:1893:25c8:1946", AddressClass::Public),
            ("127.0.0.1", AddressClass::Loopback),
            ("127.255.255.254", AddressClass::Loopback),
            ("::1", AddressClass::Loopback),
            ("::ffff:127.0.0.1", AddressClass::Loopback),
            ("::127.0.0.1", AddressClass::Loopback),
            ("64:ff9b::7f00:1", AddressClass::Loopback),
            ("2002:7f00:1::", AddressClass::Loopback),
            ("10.0.0.1", AddressClass::Private),
            ("172.16.0.1", AddressClass::Private),
            ("172.31.255.255", AddressClass::Private),
            ("172.32.0.1", AddressClass::Public),
            ("192.168.1.1", AddressClass::Private),
            ("100.64.0.1", AddressClass::Private),
            ("100.100.100.200", AddressClass::Private),
            ("::ffff:10.0.0.1", AddressClass::Private),
            ("::ffff:0:10.0.0.1", AddressClass::Private),
            ("2001:0:1:2:3:4:f5ff:fffe", AddressClass::Private),
            ("64:ff9b:1::1", AddressClass::Private),
            ("fd00:ec2::254", AddressClass::Private),
            ("fec0::1", AddressClass::Private),
            ("169.254.169.254", AddressClass::LinkLocal),
            ("::ffff:169.254.169.254", AddressClass::LinkLocal),
            ("fe80::1", AddressClass::LinkLocal),
            ("224.0.0.1", AddressClass::Multicast),
            ("ff02::1", AddressClass::Multicast),
            ("0.0.0.0", AddressClass::Reserved),
            ("0.1.2.3", AddressClass::Reserved),
            ("255.255.255.255", AddressClass::Reserved),
            ("198.18.0.1", AddressClass::Reserved),
            ("192.0.2.1", AddressClass::Reserved),
            ("::", AddressClass::Reserved),
            ("2001:db8::1", AddressClass::Reserved),
            ("5f00::1", AddressClass::Reserved),
        ];
        for (text, class) in cases {
            assert_eq!(text.parse().map(AddressClass::of), Ok(class), "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_address_within_another_is_never_more_public_than_alone(address in any::<u32>()) {
            let inner = Ipv4Addr::from(address);
            let alone = of_v4(inner);
            let [a, b, c, d] = inner.octets();
            let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            for outer in [
                inner.to_ipv6_mapped(),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, !high, !low),
            ] {
                prop_assert_eq!(of_v6(outer) == AddressClass::Public, alone == AddressClass::Public);
            }
        }
    }
}
