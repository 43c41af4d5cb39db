//! Addresses as the C library reads them where it must not ask for names: `127.0.0.1`, but also `127.1`, `0x7f000001`
//! and `fe80::1%eth0`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The address that a text stands for; `None` if only a name server could tell.
pub(super) fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    if let Some(address) = ipv4(text) {
        return Some(address.into());
    }
    let (address, scope) = text.split_once('%').map_or((text, None), |(address, scope)| (address, Some(scope)));
    let address: Ipv6Addr = address.parse().ok()?;
    scope.is_none_or(|scope| is_scope(address, scope)).then_some(address.into())
}

/// A scope is a number, or, for addresses of one link, the name of an interface of a host that is not known here.
fn is_scope(address: Ipv6Addr, scope: &str) -> bool {
    let of_one_link = address.is_unicast_link_local() || address.segments()[0] & 0xff0f == 0xff02;
    scope.parse::<u32>().is_ok() || (of_one_link && !scope.is_empty())
}

/// One to four numbers in base 10, 8 or 16, the last of which fills what the others leave.
fn ipv4(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u64> = text.split('.').map(number).collect::<Option<_>>()?;
    let (last, bytes) = parts.split_last()?;
    let room = 4_usize.checked_sub(bytes.len()).filter(|room| *room > 0)?;
    if bytes.iter().any(|byte| *byte > 255) || *last >= 1 << (8 * room) {
        return None;
    }
    let above = bytes.iter().fold(0, |all, byte| all << 8 | byte);
    let all = u32::try_from(above << (8 * room) | last).expect("four bytes were counted");
    Some(Ipv4Addr::from(all))
}

fn number(text: &str) -> Option<u64> {
    let (digits, base) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    let plain = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(base));
    plain.then(|| u64::from_str_radix(digits, base).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_spellings_are_addresses() {
        for text in ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.01", "0X7F000001"] {
            assert_eq!(address(text.as_bytes()), Some(Ipv4Addr::LOCALHOST.into()), "{text}");
        }
        for text in ["::1", "0:0::1", "::1%1", "fe80::1%eth0", "::ffff:127.0.0.1", "1:2:3:4:5:6:7::"] {
            assert!(address(text.as_bytes()).is_some(), "{text}");
        }
    }

    #[test]
    fn names_and_near_addresses_are_none() {
        let near =
            ["", " ", "localhost", "127.0.0.1.", "127.0.0.256", "256.1", "1.2.3.4.5", "08.1", "0x", "+1", "1..2"];
        let six = ["[::1]", "::1%lo", "fe80::1%", "1:2:3:4:5:6:7", "::127.1", "4294967296", "1.16777216"];
        for text in near.into_iter().chain(six) {
            assert_eq!(address(text.as_bytes()), None, "{text}");
        }
    }
}
