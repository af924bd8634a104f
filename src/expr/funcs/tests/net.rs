//! Calls of the functions of addresses: each form, and texts that only look like one.

use super::super::net::CIDR;
use super::{Given, check, f, t};
use Given::{Nil, Text};

#[test]
fn addresses_have_one_spelling() {
    check("ip", &[t("10.0.0.1")], r#""10.0.0.1""#);
    check("ip", &[t(" 10.0.0.1 ")], r#""10.0.0.1""#);
    check("ip", &[t("2001:DB8:0:0:0:0:0:1")], r#""2001:db8::1""#);
    check("ip", &[t("::FFFF:1.2.3.4")], r#""::ffff:1.2.3.4""#);
    check("ip", &[t("::")], r#""::""#);
    for none in [
        "",
        "localhost",
        "10.0.0",
        "10.0.0.256",
        "010.0.0.1",
        "[::1]",
        "10.0.0.1:80",
    ] {
        check("ip", &[f(none)], "null");
    }
    check("ip", &[Text(b"10.0.0.1\xff")], "null");
    check("ip", &[Nil], "null");
}

#[test]
fn nets_hold_what_begins_alike() {
    check("cidr", &[t("10.1.2.3"), t("10.0.0.0/8")], "true");
    check("cidr", &[t("11.1.2.3"), t("10.0.0.0/8")], "false");
    check("cidr", &[t("10.1.2.3"), t("10.99.0.0/8")], "true");
    check("cidr", &[t("8.8.8.8"), t("0.0.0.0/0")], "true");
    check("cidr", &[t("8.8.8.8"), t("8.8.8.8")], "true");
    check("cidr", &[t("8.8.8.9"), t("8.8.8.8/32")], "false");
    check("cidr", &[t("8.8.8.9"), t("8.8.8.8/31")], "true");
    check("cidr", &[t("2001:db8::5"), t("2001:db8::/32")], "true");
    check("cidr", &[t("2001:db9::5"), t("2001:db8::/32")], "false");
    check("cidr", &[t("::1"), t("::/0")], "true");
    check("cidr", &[t("::1"), t("::1")], "true");
    check("cidr", &[t("10.0.0.1"), t("::/0")], "false");
    check("cidr", &[t("::ffff:10.0.0.1"), t("10.0.0.0/8")], "false");
    check("cidr", &[t("x"), t("10.0.0.0/8")], "null");
    for none in [
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0.0/+8",
        "10.0.0/8",
        "",
        "::/129",
    ] {
        check("cidr", &[t("10.0.0.1"), t(none)], "null");
        assert!((CIDR.check)(1, none.as_bytes()).is_err(), "{none}");
    }
    assert!((CIDR.check)(1, b"10.0.0.0/8").is_ok());
    check("cidr", &[Nil, t("::/0")], "null");
    check("cidr", &[t("::1"), Nil], "null");
}

#[test]
fn parts_of_urls() {
    check(
        "url",
        &[t("HTTPS://user:pw@Example.COM:8443/A/b%20?q=1&r=?#top#2")],
        r#"{"scheme":"https","host":"example.com","port":8443,"path":"/A/b%20","query":"q=1&r=?","fragment":"top#2"}"#,
    );
    check(
        "url",
        &[t("http://a")],
        r#"{"scheme":"http","host":"a","port":null,"path":"","query":null,"fragment":null}"#,
    );
    check(
        "url",
        &[t("http://[2001:DB8::1]:80?x")],
        r#"{"scheme":"http","host":"2001:db8::1","port":80,"path":"","query":"x","fragment":null}"#,
    );
    check(
        "url",
        &[t("file:///etc/hosts")],
        r#"{"scheme":"file","host":null,"port":null,"path":"/etc/hosts","query":null,"fragment":null}"#,
    );
    check(
        "url",
        &[t("http://bücher.de:/?#")],
        r#"{"scheme":"http","host":"bücher.de","port":null,"path":"/","query":"","fragment":""}"#,
    );
    for none in [
        "",
        "example.com/a",
        "/a/b",
        "http:/a",
        "http://",
        "http:///a",
        "1http://a",
        "http://a:b/",
        "http://a:99999/",
        "http://a b/",
        "http://[::1/",
        "http://[1.2.3.4]/",
        "http://[::1]x/",
        "mailto:a@b.c",
    ] {
        check("url", &[t(none)], "null");
    }
    check("url", &[Nil], "null");
    check(
        "url",
        &[Text(b"x://h/\xff")],
        "{\"scheme\":\"x\",\"host\":\"h\",\"port\":null,\"path\":\"/\u{fffd}\",\"query\":null,\"fragment\":null}",
    );
}
