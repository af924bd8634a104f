//! The library of grok: what each `%{NAME}` stands for. Data only. Written without look-around, atomic groups and back
//! references, so that every pattern is read in linear time: where the usual library looks at what stands before or
//! behind, these have a word boundary or nothing, and what they would count (labels of a host, a mail's name) is not
//! counted, since a counted repetition is a large machine. Invariant: sorted by name within a family, every example matches
//! whole, and no pattern leads back to itself.

/// A row of the library.
pub struct Pattern {
    pub name: &'static str,
    /// With `%{…}` of other rows.
    pub text: &'static str,
    /// What it matches, whole.
    pub example: &'static str,
}

/// Patterns that belong together.
pub struct Family {
    pub title: &'static str,
    pub patterns: &'static [Pattern],
}

const fn row(name: &'static str, text: &'static str, example: &'static str) -> Pattern {
    Pattern {
        name,
        text,
        example,
    }
}

/// All patterns.
pub const LIBRARY: &[Family] = &[
    Family {
        title: "Numbers and words",
        patterns: &[
            row(
                "BASE10NUM",
                r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)",
                "-12.5",
            ),
            row(
                "BASE16FLOAT",
                r"[+-]?(?:0[xX])?(?:[0-9A-Fa-f]+(?:\.[0-9A-Fa-f]*)?|\.[0-9A-Fa-f]+)",
                "0x1F.8",
            ),
            row("BASE16NUM", r"[+-]?(?:0[xX])?[0-9A-Fa-f]+", "0xBEEF"),
            row("BOOLEAN", r"(?i:true|false)\b", "true"),
            row("DATA", r".*?", "as little as fits"),
            row("GREEDYDATA", r".*", "as much as fits"),
            row("GREEDYMULTILINE", r"(?s:.*)", "line ends too"),
            row("INT", r"[+-]?[0-9]+", "-42"),
            row("NONNEGINT", r"\b[0-9]+\b", "042"),
            row("NOTSPACE", r"\S+", "a/b:c"),
            row("NUMBER", r"%{BASE10NUM}", "3.14"),
            row("POSINT", r"\b[1-9][0-9]*\b", "42"),
            row("QS", r"%{QUOTEDSTRING}", "\"GET /\""),
            row(
                "QUOTEDSTRING",
                r#"(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)"#,
                r#""say \"no\"""#,
            ),
            row("SPACE", r"\s*", "  "),
            row(
                "UUID",
                r"[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}",
                "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
            ),
            row("WORD", r"\b\w+\b", "word_1"),
        ],
    },
    Family {
        title: "People, hosts and networks",
        patterns: &[
            row(
                "CISCOMAC",
                r"(?:[A-Fa-f0-9]{4}\.){2}[A-Fa-f0-9]{4}",
                "0010.5AFF.12ab",
            ),
            row(
                "COMMONMAC",
                r"(?:[A-Fa-f0-9]{2}:){5}[A-Fa-f0-9]{2}",
                "00:10:5a:ff:12:ab",
            ),
            row(
                "EMAILADDRESS",
                r"%{EMAILLOCALPART}@%{HOSTNAME}",
                "ann.b+c@example.org",
            ),
            row(
                "EMAILLOCALPART",
                r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~.-]+",
                "ann.b+c",
            ),
            row(
                "HOSTNAME",
                r"\b[0-9A-Za-z][0-9A-Za-z-]*(?:\.[0-9A-Za-z][0-9A-Za-z-]*)*\.?",
                "db-1.example.org",
            ),
            row("HOSTPORT", r"%{IPORHOST}:%{POSINT}", "example.org:8080"),
            row("IP", r"(?:%{IPV4}|%{IPV6})", "192.0.2.1"),
            row(
                "IPORHOST",
                r"(?:%{HOSTNAME}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+(?:%[0-9A-Za-z]+)?)",
                "2001:db8::1",
            ),
            row(
                "IPV4",
                r"\b(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\b",
                "192.0.2.1",
            ),
            row(
                "IPV6",
                r"(?:(?:[0-9A-Fa-f]{1,4}:){2,7}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?::(?:[0-9A-Fa-f]{1,4}:){0,6}(?:%{IPV4}|[0-9A-Fa-f]{1,4})?)(?:%[0-9A-Za-z]+)?",
                "fe80::1%eth0",
            ),
            row(
                "MAC",
                r"(?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})",
                "00:10:5a:ff:12:ab",
            ),
            row("USER", r"%{USERNAME}", "ann"),
            row("USERNAME", r"[a-zA-Z0-9._-]+", "ann.b-1"),
            row(
                "WINDOWSMAC",
                r"(?:[A-Fa-f0-9]{2}-){5}[A-Fa-f0-9]{2}",
                "00-10-5A-FF-12-AB",
            ),
        ],
    },
    Family {
        title: "Paths and addresses of the web",
        patterns: &[
            row("PATH", r"(?:%{UNIXPATH}|%{WINPATH})", "/var/log/syslog"),
            row(
                "TTY",
                r"/dev/(?:pts|tty(?:[pq])?)[0-9a-zA-Z]*(?:/?[0-9]+)?",
                "/dev/pts/3",
            ),
            row(
                "UNIXPATH",
                r"(?:/(?:[\w%!$@:.,+~-]|\\.)*)+",
                "/var/log/a.log",
            ),
            row(
                "URI",
                r"%{URIPROTO}://(?:%{USER}(?::[^@\s/]*)?@)?%{URIHOST}?%{URIPATHPARAM}?",
                "https://ann@example.org:8443/a?b=c",
            ),
            row("URIHOST", r"%{IPORHOST}(?::%{POSINT})?", "example.org:8443"),
            row(
                "URIPARAM",
                r"\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?<>\[\]-]*",
                "?a=1&b=%20",
            ),
            row(
                "URIPATH",
                r"(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_-]*)+",
                "/a/b%20c",
            ),
            row("URIPATHPARAM", r"%{URIPATH}(?:%{URIPARAM})?", "/a?b=c"),
            row(
                "URIPROTO",
                r"[A-Za-z](?:[A-Za-z0-9+.-]*[A-Za-z0-9])?",
                "svn+ssh",
            ),
            row(
                "URIQUERY",
                r"[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?<>\[\]-]*",
                "a=1&b=%20",
            ),
            row(
                "URN",
                r"urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:(?:%[0-9a-fA-F]{2}|[0-9A-Za-z()+,.:=@;$_!*'/?#-])+",
                "urn:isbn:0451450523",
            ),
            row(
                "WINPATH",
                r"(?:[A-Za-z]+:|\\)(?:\\[^\\?*\s]*)+",
                r"C:\Windows\a.log",
            ),
        ],
    },
    Family {
        title: "Times",
        patterns: &[
            row("DATE", r"(?:%{DATE_US}|%{DATE_EU})", "12/31/2024"),
            row("DATESTAMP", r"%{DATE}[- ]%{TIME}", "31.12.2024 10:05:03"),
            row(
                "DATESTAMP_EVENTLOG",
                r"%{YEAR}%{MONTHNUM2}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND}",
                "20241231100503",
            ),
            row(
                "DATESTAMP_OTHER",
                r"%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}",
                "Tue Dec 31 10:05:03 UTC 2024",
            ),
            row(
                "DATESTAMP_RFC2822",
                r"%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}",
                "Tue, 31 Dec 2024 10:05:03 +0100",
            ),
            row(
                "DATESTAMP_RFC822",
                r"%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}",
                "Tue Dec 31 2024 10:05:03 UTC",
            ),
            row(
                "DATE_EU",
                r"%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}",
                "31.12.2024",
            ),
            row(
                "DATE_US",
                r"%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}",
                "12/31/2024",
            ),
            row(
                "DAY",
                r"(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)",
                "Tuesday",
            ),
            row("HOUR", r"(?:2[0-3]|[01]?[0-9])", "23"),
            row(
                "HTTPDATE",
                r"%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}",
                "17/May/2015:10:05:03 +0000",
            ),
            row(
                "HTTPDERROR_DATE",
                r"%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{YEAR}",
                "Sun May 17 10:05:03.123456 2015",
            ),
            row("ISO8601_HOUR", r"(?:2[0-3]|[01][0-9])", "09"),
            row("ISO8601_SECOND", r"%{SECOND}", "03.25"),
            row(
                "ISO8601_TIMEZONE",
                r"(?:Z|[+-]%{HOUR}(?::?%{MINUTE}))",
                "+02:00",
            ),
            row("MINUTE", r"[0-5][0-9]", "05"),
            row(
                "MONTH",
                r"\b(?:[Jj]an(?:uary)?|[Ff]eb(?:ruary)?|[Mm]ar(?:ch)?|[Aa]pr(?:il)?|[Mm]ay|[Jj]une?|[Jj]uly?|[Aa]ug(?:ust)?|[Ss]ep(?:tember)?|[Oo]ct(?:ober)?|[Nn]ov(?:ember)?|[Dd]ec(?:ember)?)\b",
                "December",
            ),
            row("MONTHDAY", r"(?:0[1-9]|[12][0-9]|3[01]|[1-9])", "31"),
            row("MONTHNUM", r"(?:1[0-2]|0?[1-9])", "12"),
            row("MONTHNUM2", r"(?:0[1-9]|1[0-2])", "05"),
            row("SECOND", r"(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?", "03.25"),
            row(
                "SYSLOGTIMESTAMP",
                r"%{MONTH} +%{MONTHDAY} %{TIME}",
                "Oct 11 22:14:15",
            ),
            row("TIME", r"%{HOUR}:%{MINUTE}:%{SECOND}", "10:05:03.25"),
            row(
                "TIMESTAMP_ISO8601",
                r"%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})? ?%{ISO8601_TIMEZONE}?",
                "2015-05-17T10:05:03.25+02:00",
            ),
            row("TZ", r"[A-Z]{3,4}", "CEST"),
            row("YEAR", r"[0-9]{2}(?:[0-9]{2})?", "2024"),
        ],
    },
    Family {
        title: "System logs",
        patterns: &[
            row(
                "CRONLOG",
                r"%{SYSLOGBASE} \(%{USER:user}\) %{CRON_ACTION:action} \(%{DATA:message}\)",
                "Oct 11 22:14:15 web CRON[7]: (root) CMD (true)",
            ),
            row("CRON_ACTION", r"[A-Z ]+", "CMD"),
            row(
                "LOGLEVEL",
                r"(?i:alert|trace|debug|notice|info(?:rmation)?|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|emerg(?:ency)?)",
                "WARNING",
            ),
            row("PROG", r"[!-Z\\^-~]+", "postfix/smtpd"),
            row(
                "SYSLOG5424BASE",
                r"%{SYSLOG5424PRI}%{NONNEGINT:syslog5424_ver} +(?:-|%{TIMESTAMP_ISO8601:syslog5424_ts}) +(?:-|%{IPORHOST:syslog5424_host}) +(?:-|%{SYSLOG5424PRINTASCII:syslog5424_app}) +(?:-|%{SYSLOG5424PRINTASCII:syslog5424_proc}) +(?:-|%{SYSLOG5424PRINTASCII:syslog5424_msgid}) +(?:-|%{SYSLOG5424SD:syslog5424_sd})",
                "<165>1 2003-10-11T22:14:15.003Z web app - ID47 -",
            ),
            row(
                "SYSLOG5424LINE",
                r"%{SYSLOG5424BASE} +%{GREEDYDATA:syslog5424_msg}",
                "<165>1 2003-10-11T22:14:15.003Z web app - ID47 [x@1 a=\"b\"] An event",
            ),
            row("SYSLOG5424PRI", r"<%{NONNEGINT:syslog5424_pri}>", "<165>"),
            row("SYSLOG5424PRINTASCII", r"[!-~]+", "app"),
            row(
                "SYSLOG5424SD",
                r#"(?:\[(?:[^\]"\\]|\\.|"(?:[^"\\]|\\.)*")*\])+"#,
                "[x@1 a=\"]\"]",
            ),
            row(
                "SYSLOGBASE",
                r"%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource} %{SYSLOGPROG}:",
                "Oct 11 22:14:15 web su[230]:",
            ),
            row(
                "SYSLOGBASE2",
                r"(?:%{SYSLOGTIMESTAMP:timestamp}|%{TIMESTAMP_ISO8601:timestamp8601}) (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource}(?: %{SYSLOGPROG}:|:?)",
                "2015-05-17T10:05:03Z web su[230]:",
            ),
            row(
                "SYSLOGFACILITY",
                r"<%{NONNEGINT:facility}\.%{NONNEGINT:priority}>",
                "<4.2>",
            ),
            row("SYSLOGHOST", r"%{IPORHOST}", "web"),
            row(
                "SYSLOGLINE",
                r"%{SYSLOGBASE2} %{GREEDYDATA:message}",
                "Oct 11 22:14:15 web su[230]: failed for root",
            ),
            row(
                "SYSLOGPAMSESSION",
                r"%{SYSLOGBASE} (?:%{GREEDYDATA:message})?%{WORD:pam_module}\(%{DATA:pam_caller}\): session %{WORD:pam_session_state} for user %{USERNAME:username}(?: by %{GREEDYDATA:pam_by})?",
                "Oct 11 22:14:15 web sshd[7]: pam_unix(sshd:session): session opened for user ann by (uid=0)",
            ),
            row(
                "SYSLOGPROG",
                r"%{PROG:program}(?:\[%{POSINT:pid}\])?",
                "su[230]",
            ),
        ],
    },
    Family {
        title: "Web servers",
        patterns: &[
            row(
                "COMBINEDAPACHELOG",
                r"%{HTTPD_COMBINEDLOG}",
                "192.0.2.1 - ann [17/May/2015:10:05:03 +0000] \"GET /a?b HTTP/1.1\" 200 203 \"-\" \"curl/7\"",
            ),
            row(
                "COMMONAPACHELOG",
                r"%{HTTPD_COMMONLOG}",
                "192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 304 -",
            ),
            row(
                "HTTPD20_ERRORLOG",
                r"\[%{HTTPDERROR_DATE:timestamp}\] \[%{LOGLEVEL:loglevel}\] (?:\[client %{IPORHOST:clientip}\] )?%{GREEDYDATA:message}",
                "[Sun May 17 10:05:03 2015] [error] [client 192.0.2.1] File does not exist",
            ),
            row(
                "HTTPD24_ERRORLOG",
                r"\[%{HTTPDERROR_DATE:timestamp}\] \[(?:%{WORD:module})?:%{LOGLEVEL:loglevel}\] \[pid %{POSINT:pid}(?::tid %{INT:tid})?\](?: \(%{POSINT:proxy_errorcode}\)%{DATA:proxy_message}:)?(?: \[client %{IPORHOST:clientip}:%{POSINT:clientport}\])?(?: %{WORD:errorcode}:)? %{GREEDYDATA:message}",
                "[Sun May 17 10:05:03.123456 2015] [core:error] [pid 7:tid 8] [client 192.0.2.1:9] AH00126: Invalid URI",
            ),
            row("HTTPDUSER", r"(?:%{EMAILADDRESS}|%{USER})", "ann"),
            row(
                "HTTPD_COMBINEDLOG",
                r"%{HTTPD_COMMONLOG} %{QS:referrer} %{QS:agent}",
                "web - - [17/May/2015:10:05:03 +0000] \"-\" 408 - \"-\" \"-\"",
            ),
            row(
                "HTTPD_COMMONLOG",
                r#"%{IPORHOST:clientip} %{HTTPDUSER:ident} %{HTTPDUSER:auth} \[%{HTTPDATE:timestamp}\] "(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" (?:-|%{NUMBER:response}) (?:-|%{NUMBER:bytes})"#,
                "192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 203",
            ),
            row(
                "HTTPD_ERRORLOG",
                r"(?:%{HTTPD20_ERRORLOG}|%{HTTPD24_ERRORLOG})",
                "[Sun May 17 10:05:03 2015] [notice] caught SIGTERM",
            ),
            row(
                "NGINXERROR_DATE",
                r"%{YEAR}/%{MONTHNUM2}/%{MONTHDAY} %{TIME}",
                "2015/05/17 10:05:03",
            ),
            row(
                "NGINX_ERRORLOG",
                r"%{NGINXERROR_DATE:timestamp} \[%{LOGLEVEL:loglevel}\] %{POSINT:pid}#%{NONNEGINT:tid}: (?:\*%{NONNEGINT:connection} )?%{GREEDYDATA:message}",
                "2015/05/17 10:05:03 [error] 7#8: *9 open() failed",
            ),
            row(
                "S3_REQUEST_LINE",
                r"(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})",
                "GET /a HTTP/1.1",
            ),
            row(
                "SQUID3",
                r"%{NUMBER:timestamp}\s+%{NUMBER:duration}\s%{IP:client_address}\s%{WORD:cache_result}/%{NONNEGINT:status_code}\s%{NUMBER:bytes}\s%{WORD:request_method}\s%{NOTSPACE:url}\s%{NOTSPACE:user}\s%{WORD:hierarchy_code}/(?:-|%{IPORHOST:server})\s%{NOTSPACE:content_type}",
                "1431857103.123    180 192.0.2.1 TCP_MISS/200 4321 GET http://example.org/ - HIER_DIRECT/192.0.2.9 text/html",
            ),
        ],
    },
    Family {
        title: "Java",
        patterns: &[
            row(
                "CATALINALOG",
                r"%{CATALINA_DATESTAMP:timestamp} %{JAVACLASS:class} %{JAVALOGMESSAGE:logmessage}",
                "Oct 11, 2024 10:05:03 PM org.apache.Main start",
            ),
            row(
                "CATALINA_DATESTAMP",
                r"%{MONTH} %{MONTHDAY}, %{YEAR} %{HOUR}:?%{MINUTE}(?::?%{SECOND})? (?:AM|PM)",
                "Oct 11, 2024 10:05:03 PM",
            ),
            row(
                "JAVACLASS",
                r"(?:[a-zA-Z$_][a-zA-Z$_0-9]*\.)*[a-zA-Z$_][a-zA-Z$_0-9]*",
                "org.apache.Main$1",
            ),
            row("JAVAFILE", r"[A-Za-z0-9_.$ -]+", "Main.java"),
            row("JAVALOGMESSAGE", r".*", "any text"),
            row(
                "JAVAMETHOD",
                r"(?:<(?:cl)?init>|[a-zA-Z$_][a-zA-Z$_0-9]*)",
                "<init>",
            ),
            row(
                "JAVASTACKTRACEPART",
                r"\s*at %{JAVACLASS:class}\.%{JAVAMETHOD:method}\(%{JAVAFILE:file}(?::%{INT:line})?\)",
                "\tat org.apache.Main.run(Main.java:12)",
            ),
            row(
                "JAVATHREAD",
                r"[A-Za-z]{2}-Processor[0-9]+",
                "TP-Processor3",
            ),
            row(
                "TOMCATLOG",
                r"%{TOMCAT_DATESTAMP:timestamp} \| %{LOGLEVEL:level} \| %{JAVACLASS:class} - %{JAVALOGMESSAGE:logmessage}",
                "2024-10-11 10:05:03,123 +0100 | ERROR | org.apache.Main - no",
            ),
            row(
                "TOMCAT_DATESTAMP",
                r"%{YEAR}-%{MONTHNUM}-%{MONTHDAY} %{HOUR}:?%{MINUTE}(?::?%{SECOND}) %{ISO8601_TIMEZONE}",
                "2024-10-11 10:05:03,123 +0100",
            ),
        ],
    },
    Family {
        title: "Other programs",
        patterns: &[
            row(
                "HAPROXYDATE",
                r"%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME}",
                "06/Feb/2009:12:14:14.655",
            ),
            row(
                "HAPROXYHTTP",
                r#"%{SYSLOGTIMESTAMP:syslog_timestamp} %{IPORHOST:syslog_server} %{SYSLOGPROG}: %{IP:client_ip}:%{INT:client_port} \[%{HAPROXYDATE:accept_date}\] %{NOTSPACE:frontend_name} %{NOTSPACE:backend_name}/%{NOTSPACE:server_name} %{INT:time_request}/%{INT:time_queue}/%{INT:time_backend_connect}/%{INT:time_backend_response}/%{NOTSPACE:time_duration} %{INT:http_status_code} %{NOTSPACE:bytes_read} %{NOTSPACE:captured_request_cookie} %{NOTSPACE:captured_response_cookie} %{NOTSPACE:termination_state} %{INT:actconn}/%{INT:feconn}/%{INT:beconn}/%{INT:srvconn}/%{NOTSPACE:retries} %{INT:srv_queue}/%{INT:backend_queue} (?:\{%{DATA:captured_request_headers}\} )?(?:\{%{DATA:captured_response_headers}\} )?"(?:<BADREQ>|%{WORD:http_verb} %{NOTSPACE:http_request}(?: HTTP/%{NUMBER:http_version})?)""#,
                "Feb  6 12:14:14 localhost haproxy[14389]: 10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} \"GET /index.html HTTP/1.1\"",
            ),
            row(
                "MONGO3_LOG",
                r"%{TIMESTAMP_ISO8601:timestamp} %{WORD:severity} (?:-|%{WORD:component})\s+\[%{DATA:context}\] %{GREEDYDATA:message}",
                "2015-02-24T18:17:47.148+0000 I ACCESS   [conn1] ok",
            ),
            row(
                "REDISLOG",
                r"\[%{POSINT:pid}\] %{REDISTIMESTAMP:timestamp} [*#.-] %{GREEDYDATA:message}",
                "[4018] 14 Nov 07:01:22 * Background saving",
            ),
            row(
                "REDISTIMESTAMP",
                r"%{MONTHDAY} %{MONTH}(?: %{YEAR})? %{TIME}",
                "14 Nov 07:01:22.119",
            ),
            row(
                "RUBY_LOGGER",
                r"[DFEWIA], \[%{TIMESTAMP_ISO8601:timestamp} #%{POSINT:pid}\] *%{RUBY_LOGLEVEL:loglevel} -- +%{DATA:progname}: %{GREEDYDATA:message}",
                "I, [2024-10-11T10:05:03.123 #7]  INFO -- app: started",
            ),
            row("RUBY_LOGLEVEL", r"(?:DEBUG|FATAL|ERROR|WARN|INFO)", "INFO"),
        ],
    },
];

/// The pattern of that name.
pub fn find(name: &str) -> Option<&'static Pattern> {
    all().find(|pattern| pattern.name == name)
}

/// All patterns, family by family.
pub fn all() -> impl Iterator<Item = &'static Pattern> {
    LIBRARY.iter().flat_map(|family| family.patterns)
}
