//! Functions of addresses: of hosts, of nets and of resources. Never asks the net. Invariant: an address is
//! of version 4 or 6 as it is written; one in the other's clothes (`::ffff:10.0.0.1`) stays what it is.

use super::json::{ObjectText, gives_json, text_of};
use super::{BASE, Family, Function, Kernel, MADE, Param, RowCx, gives_bool, gives_text};
use crate::data::doc::{Doc, Example};
use crate::data::{ColumnBuilder, Number, Value};
use std::io::Write;
use std::net::IpAddr;

pub static IP: Function = Function {
    name: "ip",
    signature: "ip(x)",
    family: Family::Network,
    doc: Doc {
        summary: "The IP address in its canonical form; null if it is none",
        text: "Version 4 or 6, without port, brackets or zone. So different spellings of one address become one key.",
        examples: &[Example {
            title: "One spelling for an address",
            session: "$ printf '%s\\n' 2001:DB8:0:0::1 10.0.0.1 localhost | dstream map 'a=ip($1)' filter 'has(a)' select a\n2001:db8::1\n10.0.0.1\n",
        }],
    },
    params: &[Param::Text],
    required: 1,
    result: gives_text,
    kernel: Kernel::Row(ip),
    no_sql: "no function knows addresses",
    ..BASE
};

pub static CIDR: Function = Function {
    name: "cidr",
    signature: "cidr(x,net)",
    family: Family::Network,
    doc: Doc {
        summary: "Whether the address x is in a net, as \"10.0.0.0/8\"",
        text: "Of version 4 or 6; an address of one is in no net of the other. A net without `/` is one address. Null where x is no address or net no net.",
        examples: &[Example {
            title: "Clients of our own",
            session: "$ printf '%s\\n' 10.1.2.3 8.8.8.8 | dstream filter 'cidr($1,\"10.0.0.0/8\")'\n10.1.2.3\n",
        }],
    },
    params: &[Param::Text, Param::Text],
    required: 2,
    result: gives_bool,
    kernel: Kernel::Row(cidr),
    check: |at, constant| match at {
        1 if Net::parse(constant).is_none() => Err(format!(
            "'{}' is no net; write an address and its bits, as 10.0.0.0/8",
            String::from_utf8_lossy(constant)
        )),
        _ => Ok(()),
    },
    no_sql: "no function knows nets",
    ..BASE
};

pub static URL: Function = Function {
    name: "url",
    signature: "url(x)",
    family: Family::Network,
    doc: Doc {
        summary: "The parts of a URL: scheme, host, port, path, query, fragment",
        text: "An object, so `url(x).host` is its host. Scheme and host are in lower case, the rest as written; nothing is decoded. A part that is not there is null. Null for what is no URL with `://`.",
        examples: &[Example {
            title: "The host",
            session: "$ echo 'https://Example.com:8080/a/b?q=1#top' | dstream map 'h=url($1).host,p=url($1).path' select h,p\nexample.com\t/a/b\n",
        }],
    },
    params: &[Param::Text],
    required: 1,
    result: gives_json,
    kernel: Kernel::Row(url),
    spark: MADE,
    flink: MADE,
    ..BASE
};

fn address(text: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(text).ok()?.trim_ascii().parse().ok()
}

fn ip<'a>(args: &[Value<'a>], cx: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    let Some(address) = address(text_of(&args[0])) else {
        return out.null();
    };
    let start = cx.text.len();
    write!(cx.text, "{address}").expect("a vector takes all bytes");
    out.span(crate::bytes::Span::scratch(start, cx.text.len() - start));
}

/// The addresses that begin with the same bits.
struct Net {
    address: IpAddr,
    bits: u32,
}

impl Net {
    fn parse(text: &[u8]) -> Option<Net> {
        let (text, bits) = match memchr::memchr(b'/', text) {
            Some(at) => (&text[..at], Some(text[at + 1..].trim_ascii_end())),
            None => (text, None),
        };
        let address = address(text)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(digits) if digits.iter().all(u8::is_ascii_digit) => {
                std::str::from_utf8(digits).ok()?.parse().ok()?
            }
            Some(_) => return None,
        };
        (bits <= most).then_some(Net { address, bits })
    }

    fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(net), IpAddr::V4(address)) => {
                let differ = net.to_bits() ^ address.to_bits();
                differ.checked_shr(32 - self.bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(net), IpAddr::V6(address)) => {
                let differ = net.to_bits() ^ address.to_bits();
                differ.checked_shr(128 - self.bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

fn cidr<'a>(args: &[Value<'a>], _: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    match (address(text_of(&args[0])), Net::parse(text_of(&args[1]))) {
        (Some(address), Some(net)) => out.bool(net.holds(address)),
        _ => out.null(),
    }
}

/// The parts of a URL as they are written.
struct Url<'a> {
    scheme: &'a [u8],
    host: Option<&'a [u8]>,
    port: Option<u16>,
    path: &'a [u8],
    query: Option<&'a [u8]>,
    fragment: Option<&'a [u8]>,
}

impl<'a> Url<'a> {
    /// By RFC 3986, section 3, with an authority; bytes beyond ASCII are let through.
    fn parse(text: &'a [u8]) -> Option<Url<'a>> {
        let text = text.trim_ascii();
        if text.iter().any(|&byte| byte <= b' ' || byte == 127) {
            return None;
        }
        let colon = memchr::memchr(b':', text)?;
        let (scheme, rest) = (&text[..colon], text[colon + 1..].strip_prefix(b"//")?);
        let known = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        if !scheme.first()?.is_ascii_alphabetic() || !scheme.iter().all(known) {
            return None;
        }
        let (rest, fragment) = cut(rest, b'#');
        let (rest, query) = cut(rest, b'?');
        let slash = memchr::memchr(b'/', rest).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(slash);
        let authority = match memchr::memrchr(b'@', authority) {
            Some(at) => &authority[at + 1..],
            None => authority,
        };
        let (host, port) = if let Some(inner) = authority.strip_prefix(b"[") {
            let end = memchr::memchr(b']', inner)?;
            let address: IpAddr = std::str::from_utf8(&inner[..end]).ok()?.parse().ok()?;
            let behind = &inner[end + 1..];
            if address.is_ipv4() || !(behind.is_empty() || behind[0] == b':') {
                return None;
            }
            (&inner[..end], behind.strip_prefix(b":"))
        } else {
            cut(authority, b':')
        };
        let port = match port {
            None | Some([]) => None,
            Some(digits) if digits.iter().all(u8::is_ascii_digit) => {
                Some(std::str::from_utf8(digits).ok()?.parse().ok()?)
            }
            Some(_) => return None,
        };
        if host.is_empty() && !scheme.eq_ignore_ascii_case(b"file") {
            return None;
        }
        Some(Url {
            scheme,
            host: (!host.is_empty()).then_some(host),
            port,
            path,
            query,
            fragment,
        })
    }
}

/// What stands before a byte, and behind it if it is there.
fn cut(text: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(at, text) {
        Some(place) => (&text[..place], Some(&text[place + 1..])),
        None => (text, None),
    }
}

fn url<'a>(args: &[Value<'a>], cx: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    let Some(url) = Url::parse(text_of(&args[0])) else {
        return out.null();
    };
    let mut lower = Vec::new();
    let mut object = ObjectText::begin(cx.text);
    for (name, part) in [(&b"scheme"[..], Some(url.scheme)), (b"host", url.host)] {
        lower.clear();
        crate::bytes::utf8::lower(part.unwrap_or_default(), &mut lower);
        object.member(name, &part.map_or(Value::Null, |_| Value::Text(&lower)));
    }
    let port = url.port.map(|port| Number::Exact {
        units: i64::from(port),
        scale: 0,
    });
    object.member(b"port", &port.map_or(Value::Null, Value::Number));
    object.member(b"path", &Value::Text(url.path));
    object.member(b"query", &url.query.map_or(Value::Null, Value::Text));
    object.member(b"fragment", &url.fragment.map_or(Value::Null, Value::Text));
    object.end(out);
}
