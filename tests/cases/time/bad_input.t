# Times, sizes and counts that are wrong: each is told with its place and what to do, and nothing overflows or hangs.

# A stamp that does not parse: counted, told, and kept with its reason and place.
$ printf '5\nx\n\n12\n' > in; dstream --time '$1:s' --bad-file bad window 10s count in
1970-01-01T00:00:00Z	1
1970-01-01T00:00:10Z	1
dstream: 2 of 4 records are bad: without a time that can be read (first: in:2 col 1)
$ cat bad
without a time that can be read	in byte 2	x
without a time that can be read	in byte 4	
$ dstream --time '$1:s' --on-bad skip window 10s count in
1970-01-01T00:00:00Z	1
1970-01-01T00:00:10Z	1
$ dstream --time '$1:s' --on-bad abort window 10s count in
dstream: in:2 col 1: a bad record, without a time that can be read (--on-bad abort)
? 65
$ printf '{"t":1}\n{"t":null}\n{}\n{"t":"x"}\n{"t":[1]}\n' | dstream -i json --time t:s window 1m count
1970-01-01T00:00:00Z	1
dstream: 4 of 5 records are bad: without a time that can be read (first: standard input:2 col 1)
# Days and hours that are none; a leap second is the first instant of the next minute.
$ printf '2026-01-01T00:00:00Z\n2026-02-30T00:00:00Z\n2026-01-01T25:00:00Z\n2026-01-01T23:59:60Z\n1e400\nnan\n' | dstream --time '$1' window 1m count
2026-01-01T00:00:00Z	1
2026-01-02T00:00:00Z	1
dstream: 4 of 6 records are bad: without a time that can be read (first: standard input:2 col 1)
# All of them without a time: the format is right, the field is not.
$ printf 'x\ny\n' | dstream --time '$1:s' window 10s count
dstream: none of 2 records has a time that can be read; the first line is 'x'; is --time right?
? 65
$ printf '5\n' | dstream --time '$1:q' window 10s count
dstream: --time: 'q' is no time format; use s, ms, us, ns or strptime text as %Y-%m-%d
    $1:q
       ^
? 2
$ printf 't\n5\n' | dstream -i csv --time x window 10s count
dstream: --time: no field 'x'
    x
    ^ the record has: t
? 2

# The years 1900 and 9999: the one is a time, the other a bad record that closes nothing.
$ printf '1900-01-01T00:00:00Z\n9999-12-31T23:59:59Z\n2026-11-20T10:00:00Z\n' | dstream --time '$1' --watermark 0s --tz Europe/Berlin window 1d count
1900-01-01T00:00:00+01:00	1
2026-11-20T00:00:00+01:00	1
dstream: 1 of 3 records is bad: with a time outside 1700 to 2239, the years that 64 bits of nanoseconds hold (first: standard input:2 col 1)
$ printf '2026-11-20T10:00:00Z\n1900-01-01T00:00:00Z\n2026-11-20T10:00:00Z\n' | dstream --time '$1' --watermark 0s window 1d count
2026-11-20T00:00:00Z	2
dstream: 1 of 3 records came too late for its window and was dropped; --watermark D waits longer
$ printf '1900-01-01T00:00:00Z a\n2026-11-20T10:00:00Z a\n' | dstream --time '$1' session-window 1h count-by '$2'
1900-01-01T00:00:00Z	1900-01-01T01:00:00Z	a	1
2026-11-20T10:00:00Z	2026-11-20T11:00:00Z	a	1
$ printf '1900-01-01T00:00:00Z a\n2026-11-20T10:00:00Z a\n' | dstream --time '$1' look-back 1h count-by '$2'
1899-12-31T23:00:00Z	1900-01-01T00:00:00Z	a	1
2026-11-20T09:00:00Z	2026-11-20T10:00:00Z	a	1
$ printf '1900-01-01T00:00:00Z a\n2026-11-20T10:00:00Z a\n' | dstream --time '$1' window 1h --slide 1m count > out; wc -l < out
120

# Event time is from 1700 to 2239: what i64 holds (1677 to 2262) less room for windows.
$ printf '1677-09-21T00:13:00Z\n1699-12-31T23:59:59.999999999Z\n1700-01-01T00:00:00Z\n2239-12-31T23:59:59.999999999Z\n2240-01-01T00:00:00Z\n2262-04-11T23:47:16Z\n' > edges
$ dstream --time '$1' window 10s count edges
1700-01-01T00:00:00Z	1
2239-12-31T23:59:50Z	1
dstream: 4 of 6 records are bad: with a time outside 1700 to 2239, the years that 64 bits of nanoseconds hold (first: edges:1 col 1)
$ dstream --time '$1' --on-bad skip window 1d count edges
1700-01-01T00:00:00Z	1
2239-12-31T00:00:00Z	1
$ dstream --time '$1' --on-bad skip --tz America/New_York window 1d count edges
1699-12-31T00:00:00-04:56	1
2239-12-31T00:00:00-05:00	1
$ dstream --time '$1' --on-bad skip window week --slide 1d count edges > out; wc -l < out
14
$ dstream --time '$1' --on-bad skip window year count edges
1700-01-01T00:00:00Z	1
2239-01-01T00:00:00Z	1
$ dstream --time '$1' --on-bad skip window 30m --slide 10m count edges
1699-12-31T23:40:00Z	1
1699-12-31T23:50:00Z	1
1700-01-01T00:00:00Z	1
2239-12-31T23:30:00Z	1
2239-12-31T23:40:00Z	1
2239-12-31T23:50:00Z	1
$ dstream --time '$1' --on-bad skip window year --grow 1d count edges > out; wc -l < out
366
$ dstream --time '$1' --on-bad skip session-window 3653d count edges
1700-01-01T00:00:00Z	1710-01-02T00:00:00Z	1
2239-12-31T23:59:59.999999999Z	2249-12-31T23:59:59.999999999Z	1
$ dstream --time '$1' --on-bad skip look-back 3653d count edges
1689-12-31T00:00:00Z	1700-01-01T00:00:00Z	1
2229-12-30T23:59:59.999999999Z	2239-12-31T23:59:59.999999999Z	1
$ dstream --time '$1' --on-bad skip window 3653d count window year reduce n=count edges
1709-01-01T00:00:00Z	1
2240-01-01T00:00:00Z	1
$ dstream --time '$1' --on-bad skip sort-by @time edges
1700-01-01T00:00:00Z
2239-12-31T23:59:59.999999999Z
$ dstream --time '$1' window 40000d count edges
dstream: window: '40000d' is too long a time; windows are of at most 10 years (3653d)
    dstream --time '$1' window 40000d count edges
                               ^^^^^^
? 2
$ dstream --time '$1' session-window 200000d count edges
dstream: session-window: '200000d' is too long a time
    dstream --time '$1' session-window 200000d count edges
                                       ^^^^^^^
? 2
$ dstream --time '$1' look-back 40000d count edges
dstream: look-back: '40000d' is too long a time; windows are of at most 10 years (3653d)
    dstream --time '$1' look-back 40000d count edges
                                  ^^^^^^
? 2

# Two zones in one file, and --tz for stamps without one: 11:00 in Berlin and 5:00 in New York are one minute.
$ printf '2026-11-20T11:00:00+01:00\n2026-11-20T05:00:30-05:00\n2026-11-20 11:00:59\n2026-11-20T10:01:00Z\n' | dstream -d ';' --tz Europe/Berlin --time '$1' window 1m count
2026-11-20T11:00:00+01:00	3
2026-11-20T11:01:00+01:00	1
$ printf '5\n' | dstream --time '$1:s' --tz Mars/Olympus window 1d count
dstream: --tz: there is no time zone 'Mars/Olympus'; names are such as Europe/Berlin, UTC or +02:00
    dstream --time '$1:s' --tz Mars/Olympus window 1d count
                               ^^^^^^^^^^^^
? 2

# Sizes of nothing and below.
$ dstream --time '$1:s' window 0s count
dstream: window: '0s' is no time at all; it must be above zero
    dstream --time '$1:s' window 0s count
                                 ^^
? 2
$ dstream --time '$1:s' window -1s count
dstream: window: '-1s' is negative; it must be above zero
    dstream --time '$1:s' window -1s count
                                 ^^^
? 2
$ dstream --time '$1:s' window 10s --slide 0s count
dstream: window: --slide: '0s' is no time at all; it must be above zero
    dstream --time '$1:s' window 10s --slide 0s count
                                             ^^
? 2
$ dstream --time '$1:s' window 10s --grow 0s count
dstream: window: --grow: '0s' is no time at all; it must be above zero
    dstream --time '$1:s' window 10s --grow 0s count
                                            ^^
? 2
$ dstream --time '$1:s' session-window 0s count
dstream: session-window: '0s' is no time at all; it must be above zero
    dstream --time '$1:s' session-window 0s count
                                         ^^
? 2
$ dstream --time '$1:s' session-window 10s --max 0s count
dstream: session-window: --max '0s' is no time at all; it must be above zero
    dstream --time '$1:s' session-window 10s --max 0s count
                                                   ^^
? 2
$ dstream count-window 0 count
dstream: count-window: '0' is too small; it must be 1 or more
    dstream count-window 0 count
                         ^
? 2
$ dstream count-window 2 --slide-rows 0 count
dstream: count-window: --slide-rows: '0' is too small; it must be 1 or more
    dstream count-window 2 --slide-rows 0 count
                                        ^
? 2
$ dstream --time '$1:s' look-back 0s count
dstream: look-back: '0s' is no time at all; it must be above zero
    dstream --time '$1:s' look-back 0s count
                                    ^^
? 2
$ dstream --time '$1:s' --watermark -1s window 10s count
dstream: --watermark: '-1s' is negative
    dstream --time '$1:s' --watermark -1s window 10s count
                                      ^^^
? 2
$ dstream --time '$1:s' --allowed-lateness -1s window 10s count
dstream: --allowed-lateness: '-1s' is negative
    dstream --time '$1:s' --allowed-lateness -1s window 10s count
                                             ^^^
? 2
$ dstream --batch 0s count
dstream: --batch: '0s' is no time at all
    dstream --batch 0s count
                    ^^
? 2
$ dstream --batch-lines 0 count
dstream: --batch-lines: '0' is not a whole number from 1
    dstream --batch-lines 0 count
                          ^
? 2
$ dstream --every 0s count
dstream: --every: '0s' is no time at all
    dstream --every 0s count
                    ^^
? 2
$ dstream --every-delay 0s count
dstream: --every-delay: '0s' is no time at all
    dstream --every-delay 0s count
                          ^^
? 2
$ dstream --every-records 0 count
dstream: --every-records: '0' is not a whole number from 1
    dstream --every-records 0 count
                            ^
? 2
$ dstream --time '$1:s' distinct --ttl 0s
dstream: distinct: --ttl '0s' is no time at all; it must be above zero
    dstream --time '$1:s' distinct --ttl 0s
                                         ^^
? 2
$ dstream --time '$1:s' burst 2 0s
dstream: burst: '0s' is no time at all; it must be above zero
    dstream --time '$1:s' burst 2 0s
                                  ^^
? 2

# A slide longer than the window: a warning, and records in the gaps count nowhere. EVENT-TIME 2.3: an offset is shorter
# than the slide.
$ printf '5\n12\n25\n' | dstream --time '$1:s' window 10s --slide 20s reduce 'join:$1'
dstream: the slide of 20s is longer than the window of 10s: records between windows count nowhere
1970-01-01T00:00:00Z	5
1970-01-01T00:00:20Z	25
$ dstream --time '$1:s' window 10s --offset 10s count
dstream: window: --offset 10s is as long as the slide of 10s or longer; give less
    dstream --time '$1:s' window 10s --offset 10s count
                                     ^^^^^^^^
? 2
$ dstream --time '$1:s' window 10s --slide 5s --offset -5s count
dstream: window: --offset -5s is as long as the slide of 5s or longer; give less
    dstream --time '$1:s' window 10s --slide 5s --offset -5s count
                                                ^^^^^^^^
? 2
# EVENT-TIME 2.3: empty windows print nothing; that batches end in between does not make them batches.
$ printf '5\n--\n35\n--\n' | dstream --time '$1:s' --batch-on '^--' window 10s count
1970-01-01T00:00:00Z	1
1970-01-01T00:00:30Z	1

# Joins: null equals nothing, and neither does a key that one side lacks.
$ printf '{"k":1,"a":1}\n{"a":2}\n{"k":null,"a":3}\n' > r.ndjson; printf '{"b":1}\n{"k":null,"b":2}\n' > l.ndjson; dstream -i json join r.ndjson --on k --left select b,a l.ndjson
1	
2	
$ printf 'a,b\n1,2\n' > r.csv; printf 'k,v\n1,2\n' > l.csv; dstream -i csv join r.csv --on k l.csv
dstream: join: no field 'k' in r.csv; fields of two names are --on LEFT=RIGHT
    k
    ^ the record has: a, b
? 2
$ printf '5\n' > r; printf '5\n' > l; dstream --time '$1:s' join r --on '$1' --within 5s..1s l
dstream: join: --within: '5s..1s' is empty: 5s is behind 1s
    dstream --time '$1:s' join r --on '$1' --within 5s..1s l
                                                    ^^^^^^
? 2

# Patterns that name what is not there.
$ dstream --time '$1:s' match 'a b' --where 'c=$1=="1"'
dstream: match: --where: no step 'c'; the pattern has a, b
    c=$1=="1"
    ^
? 2
$ dstream --time '$1:s' match 'a b' --skip to-first:z
dstream: match: --skip: no step 'z'; the pattern has a, b
    to-first:z
             ^
? 2
$ dstream --time '$1:s' match 'a b' --measures 'first:c._1'
dstream: match: no field 'c._1'
    first:c._1
          ^^^^ the record has: line, $0, $1, $2, …, $NF, NF
? 2
$ dstream --time '$1:s' match 'a b' --within 0s
dstream: match: --within: '0s' is no time at all; it must be above zero
    dstream --time '$1:s' match 'a b' --within 0s
                                               ^^
? 2
$ dstream --time '$1:s' match ''
dstream: match: the pattern is empty
    dstream --time '$1:s' match ''
                          ^^^^^
? 2

# EVENT-TIME 2.3: a slide of a calendar window is a calendar size too; a size that has a fixed length is one of absolute
# time beside a slide that is none.
$ dstream --time '$1' window month --slide 5h count
dstream: window: a month has no fixed length, so its slide must be of the calendar too: 2h, 3h, 4h, 6h, 8h, 12h, days, weeks or months, not 5h
    dstream --time '$1' window month --slide 5h count
                        ^^^^^^
? 2
$ printf '2026-10-25T00:30:00Z\n2026-10-25T12:30:00Z\n' | dstream --tz Europe/Berlin --time '$1' --until 2026-10-25T01:00:00Z window 2h --slide 1h count
2026-10-25T01:00:00+02:00	1
2026-10-25T02:00:00+02:00	1
$ printf '2026-10-25T00:30:00Z\n2026-10-25T23:30:00Z\n' | dstream --tz Europe/Berlin --time '$1' window 1d --slide 12h count
2026-10-24T12:00:00+02:00	1
2026-10-25T00:00:00+02:00	1
2026-10-25T12:00:00+01:00	1
2026-10-26T00:00:00+01:00	1
$ printf '2026-10-25T00:30:00Z\n2026-10-25T23:30:00Z\n' | dstream --tz Europe/Berlin --time '$1' window 24h --slide 18h count
2026-10-24T08:00:00+02:00	1
2026-10-25T02:00:00+02:00	2
2026-10-25T19:00:00+01:00	1

# A time that can be read, but is of no year that is told: said so, and counted apart from what cannot be read.
$ printf '{"t":"1650-01-01T00:00:00Z"}\n{"t":"9999-12-31T23:59:59+01:00"}\n{"t":"2245-01-01T00:00:00Z"}\n{"t":"2000-01-01T00:00:00Z"}\n{"t":"9999-02-29T00:00:00Z"}\n{"a":1}\n{"t":99999999999999999999999}\n' | dstream -i json --time t window 1m count
2000-01-01T00:00:00Z	1
dstream: 4 of 7 records are bad: with a time outside 1700 to 2239, the years that 64 bits of nanoseconds hold (first: standard input:1 col 1)
dstream: 2 of 7 records are bad: without a time that can be read (first: standard input:5 col 1)
$ printf 'at 3015-11-02 10:00:00 x\nat 2015-11-02 10:00:00 x\nat 3015-13-02 10:00:00 x\n' | dstream --time-regex 'at (\S+ \S+)' window 1m count
2015-11-02T10:00:00Z	1
dstream: 1 of 3 records is bad: with a time outside 1700 to 2239, the years that 64 bits of nanoseconds hold (first: standard input:1 col 1)
dstream: 1 of 3 records is bad: without a time that can be read (first: standard input:3 col 1)
$ printf '1447000000000 a\n' | dstream --time '$1:s' window 1m count
dstream: none of 1 record has a time of 1700 to 2239, the years that 64 bits of nanoseconds hold; the first line is '1447000000000 a'; is --time right (:s, :ms, :us, :ns)?
? 65

# A time that cannot be told is a time all the same.
$ dstream --since 1600-01-01 --time '$1' count < /dev/null
dstream: --since: '1600-01-01' is outside 1700 to 2239, the years that 64 bits of nanoseconds hold
    dstream --since 1600-01-01 --time '$1' count
                    ^^^^^^^^^^
? 2
$ dstream --until 9999-12-31 --time '$1' count < /dev/null
dstream: --until: '9999-12-31' is outside 1700 to 2239, the years that 64 bits of nanoseconds hold
    dstream --until 9999-12-31 --time '$1' count
                    ^^^^^^^^^^
? 2
$ dstream --since 1600-13-01 --time '$1' count < /dev/null
dstream: --since: '1600-13-01' is not a time; write 2026-11-20T10:00:00Z, 2026-11-20, yesterday or -2h
    dstream --since 1600-13-01 --time '$1' count
                    ^^^^^^^^^^
? 2

# It is the clock that has no time.
$ printf '{"k":1}\n{"k":2}\n' > in; dstream -i json --clock q:s --batch 1s count-by k in
dstream: none of 2 records has a time that can be read; the first line is '{"k":1}'; is --clock right?
? 65
$ printf '{"q":1,"k":2}\n{"k":3}\n{"q":99999999999999}\n' | dstream -i json --clock q:s --batch 1s count-by k
2	1
dstream: 1 of 3 records is bad: with a time of the clock outside 1700 to 2239, the years that 64 bits of nanoseconds hold (first: standard input:3 col 1)
dstream: 1 of 3 records is bad: without a time of the clock that can be read (first: standard input:2 col 1)
$ printf '{"q":99999999999999}\n' | dstream -i json --clock q:s --batch 1s count-by k
dstream: none of 1 record has a time of 1700 to 2239, the years that 64 bits of nanoseconds hold; the first line is '{"q":99999999999999}'; is --clock right (:s, :ms, :us, :ns)?
? 65
