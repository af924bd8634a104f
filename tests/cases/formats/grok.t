# Patterns with names.

$ printf '192.0.2.1 - ann [17/May/2015:10:05:03 +0000] "GET /a?b HTTP/1.1" 200 203 "-" "curl"\n' > log; dstream -i 'grok:%{COMBINEDAPACHELOG}' -o json log
{"clientip":"192.0.2.1","ident":"-","auth":"ann","timestamp":"17/May/2015:10:05:03 +0000","verb":"GET","request":"/a?b","httpversion":1.1,"rawrequest":null,"response":200,"bytes":203,"referrer":"\"-\"","agent":"\"curl\""}
$ dstream -i 'grok:%{COMBINEDAPACHELOG}' --time timestamp window 1h reduce-by verb sum:bytes log
2015-05-17T10:00:00Z	GET	203
$ printf 'GET /a?b=1 12ms\nnothing\n' | dstream -i 'grok:^%{WORD:verb} %{URIPATHPARAM:[url][path]} %{NUMBER:ms:int}ms$' select url_path,ms -o json
{"url_path":"/a?b=1","ms":12}
dstream: 1 of 2 records is bad: no match (first: standard input:2 col 1)
$ printf 'Oct 11 22:14:15 web su[230]: failed for root\n' | dstream -i 'grok:%{SYSLOGLINE}' select logsource,program,pid,message -o json
{"logsource":"web","program":"su","pid":230,"message":"failed for root"}

# A field that is there twice has what took part.
$ printf 'id=7\nname=ann\n' | dstream -i 'grok:^(?:id=%{INT:who}|name=%{USER:who})$' -o json
{"who":7}
{"who":"ann"}

# Stack traces: a record begins with a time.
$ printf '2024-01-02 10:00:00,123 ERROR a.B - no\n\tat a.B.run(B.java:12)\n2024-01-02 10:00:01,000 INFO a.C - ok\n' | dstream --multiline time -i 'grok:^%{TIMESTAMP_ISO8601:at} %{LOGLEVEL:level} %{JAVACLASS:class} - (?<msg>(?s:.*))' select level,class,msg -o json
{"level":"ERROR","class":"a.B","msg":"no\n\tat a.B.run(B.java:12)"}
{"level":"INFO","class":"a.C","msg":"ok"}

# The operator takes them too.
$ printf 'from 10.0.0.1 to 10.0.0.2\n' | dstream parse '%{IP:src} to %{IP:dst}' select src,dst
10.0.0.1	10.0.0.2
$ dstream parse '%{IP:a} %{IP:a}' count
dstream: parse: the pattern has the field 'a' more than once, which only -i grok: takes
    %{IP:a} %{IP:a}
    ^^^^^^^^^^^^^^^
? 2

# What is wrong is shown where it is.
$ dstream -i 'grok:%{COMBINEDAPACHELG}' count
dstream: -i: grok: there is no pattern 'COMBINEDAPACHELG'; did you mean 'COMBINEDAPACHELOG'?
    %{COMBINEDAPACHELG}
      ^^^^^^^^^^^^^^^^
? 2
$ dstream -i 'grok:%{IPADRESS:ip}' count
dstream: -i: grok: there is no pattern 'IPADRESS'; 'dstream help grok' lists them
    %{IPADRESS:ip}
      ^^^^^^^^
? 2
$ dstream -i 'grok:%{ZZZ:ip}' count
dstream: -i: grok: there is no pattern 'ZZZ'; 'dstream help grok' lists them
    %{ZZZ:ip}
      ^^^
? 2
$ dstream -i 'grok:%{IP:ip' count
dstream: -i: grok: '%{' is not closed by '}'
    %{IP:ip
    ^^
? 2
$ dstream -i 'grok:%{IP:}' count
dstream: -i: grok: the field's name is missing behind the colon
    %{IP:}
    ^^^^^^
? 2
$ dstream -i 'grok:%{:ip}' count
dstream: -i: grok: a pattern's name is missing: %{NAME:field}
    %{:ip}
    ^^^^^^
? 2
$ dstream -i 'grok:%{NUMBER:n:integer}' count
dstream: -i: grok: 'integer' is no type; there are int and float
    %{NUMBER:n:integer}
               ^^^^^^^
? 2
$ dstream -i 'grok:(?<=x)%{IP:ip}' count
dstream: -i: grok: there is no look-behind: write what stands before in front of the field
    (?<=x)%{IP:ip}
    ^^^^
? 2
$ dstream -i 'grok:(?>%{IP:ip})' count
dstream: -i: grok: an atomic group is not needed in a linear search: write (?:…)
    (?>%{IP:ip})
    ^^^
? 2
$ dstream -i 'grok:%{IP} (%{IP:ip}' count
dstream: -i: grok: unclosed group
    %{IP} (%{IP:ip}
    dstream -i 'grok:%{IP} (%{IP:ip}' count
            ^^
? 2
$ dstream -i 'grok:%{IP}' count
dstream: -i: grok: no %{NAME:field}, and so no field
    %{IP}
    dstream -i 'grok:%{IP}' count
            ^^
? 2
$ dstream -i grok count
dstream: -i: the format grok is written grok:PATTERN
    dstream -i grok count
            ^^
? 2
