# Windows by event time: of a file they close at its end, of a pipe by the watermark.

$ printf 't,k\n2026-11-20T10:00:05Z,a\n2026-11-20T10:01:00Z,b\n2026-11-20T10:00:59.999Z,a\n' > in.csv
$ dstream -i csv --time t window 1m count-by k in.csv
2026-11-20T10:00:00Z	a	2
2026-11-20T10:01:00Z	b	1
$ dstream -i csv --time t window 1m count-by k < in.csv
2026-11-20T10:00:00Z	a	2
2026-11-20T10:01:00Z	b	1
$ dstream -i csv --time t window 1m count in.csv -o json
{"window_start":"2026-11-20T10:00:00Z","window_end":"2026-11-20T10:01:00Z","count":2}
{"window_start":"2026-11-20T10:01:00Z","window_end":"2026-11-20T10:02:00Z","count":1}
$ dstream -i csv --time t window 1m --slide 30s count in.csv
2026-11-20T09:59:30Z	1
2026-11-20T10:00:00Z	2
2026-11-20T10:00:30Z	2
2026-11-20T10:01:00Z	1
$ dstream -i csv --time t --watermark 0s window 1m count in.csv
2026-11-20T10:00:00Z	1
2026-11-20T10:01:00Z	1
dstream: 1 of 3 records came too late for its window and was dropped; --watermark D waits longer
$ cat in.csv | dstream -i csv --time t --watermark 0s window 1m count
2026-11-20T10:00:00Z	1
2026-11-20T10:01:00Z	1
dstream: 1 of 3 records came too late for its window and was dropped; --watermark D waits longer
$ dstream -i csv --time t --watermark 1s window 1m count in.csv
2026-11-20T10:00:00Z	2
2026-11-20T10:01:00Z	1
$ dstream -i csv --time t window 1m in.csv
2026-11-20T10:00:00Z	2026-11-20T10:00:05Z	a
2026-11-20T10:00:00Z	2026-11-20T10:00:59.999Z	a
2026-11-20T10:01:00Z	2026-11-20T10:01:00Z	b
$ dstream -i csv --time t window 1m sort-by k:desc in.csv
2026-11-20T10:00:00Z	2026-11-20T10:00:05Z	a
2026-11-20T10:00:00Z	2026-11-20T10:00:59.999Z	a
2026-11-20T10:01:00Z	2026-11-20T10:01:00Z	b
$ dstream -i csv --time t window 1m distinct-by k in.csv
2026-11-20T10:00:00Z	2026-11-20T10:00:05Z	a
2026-11-20T10:01:00Z	2026-11-20T10:01:00Z	b
$ dstream -i csv --time t window 1m count-by k top 1 in.csv
2026-11-20T10:00:00Z	a	2
2026-11-20T10:01:00Z	b	1
$ dstream -i csv --time t window 1m count-by k window all reduce n=count,sum:count in.csv
2	3
$ dstream -i csv --time t reduce span,first:k,last:k in.csv
55s	a	b
$ dstream -i csv --time t --since 2026-11-20T10:00:30Z --until 2026-11-20T10:01:00Z count in.csv
1
$ dstream -i csv --time t map 'x=@time' select x,k in.csv
2026-11-20T10:00:05Z	a
2026-11-20T10:01:00Z	b
2026-11-20T10:00:59.999Z	a

# A record is late by the watermark that the records before it made.
$ printf '0 a\n10 b\n4 c\n12 d\n9 e\n25 f\n' | dstream --time '$1:s' --watermark 5s window 5s count
1970-01-01T00:00:00Z	1
1970-01-01T00:00:05Z	1
1970-01-01T00:00:10Z	2
1970-01-01T00:00:25Z	1
dstream: 1 of 6 records came too late for its window and was dropped; --watermark D waits longer

$ printf '0 a\n10 b\n4 c\n12 d\n9 e\n25 f\n' > in; dstream --time '$1:s' --watermark 5s window 5s reduce 'join:$2' in
1970-01-01T00:00:00Z	a
1970-01-01T00:00:05Z	e
1970-01-01T00:00:10Z	b,d
1970-01-01T00:00:25Z	f
dstream: 1 of 6 records came too late for its window and was dropped; --watermark D waits longer

$ printf '0 a\n10 b\n4 c\n12 d\n9 e\n25 f\n' > in; dstream --time '$1:s' --watermark 0s --max-late 1 window 5s count in
1970-01-01T00:00:00Z	1
1970-01-01T00:00:10Z	2
1970-01-01T00:00:25Z	1
dstream: more than 1 late records (--max-late): 2 of 6
? 65

# Formats with times of their own need no --time.
$ head -3 $DATA/apache_logs.log > in; dstream -i combined window 1m count in
2015-05-17T10:05:00Z	3

# The same instants in other spellings.
$ printf '%s\n' 2026-11-20T10:00:00Z '2026-11-20T11:00:00+01:00' 1795168800 1795168800000 1795168800000000 | dstream --time '$1' window 1m count
2026-11-20T10:00:00Z	5

$ printf '2026-11-20 10:00:00,123\n2026/11/20 10:00:00.5\n' | dstream -d ';' --time '$1' window 1s count
2026-11-20T10:00:00Z	2

$ printf 'x\n2026-11-20T10:00:00Z\n' | dstream --time '$1' window 1m count
2026-11-20T10:00:00Z	1
dstream: 1 of 2 records is bad: without a time that can be read (first: standard input:1 col 1)

# Calendar windows are cut on the local clock: a day of 25 hours.
$ printf '2026-10-24T22:00:00Z\n2026-10-25T22:59:59Z\n2026-10-25T23:00:00Z\n' | dstream --tz Europe/Berlin --time '$1' window day count
2026-10-25T00:00:00+02:00	2
2026-10-26T00:00:00+01:00	1

$ printf '2026-11-20T10:00:00Z\n2026-12-31T23:59:59Z\n' | dstream --time '$1' window month count
2026-11-01T00:00:00Z	1
2026-12-01T00:00:00Z	1
$ printf '2026-11-20T10:00:00Z\n2026-12-31T23:59:59Z\n' | dstream --time '$1' window week count
2026-11-16T00:00:00Z	1
2026-12-28T00:00:00Z	1
$ printf '2026-11-20T10:00:00Z\n2026-12-31T23:59:59Z\n' | dstream --time '$1' window year count
2026-01-01T00:00:00Z	2

# Before 1970.
$ printf '1969-12-31T23:59:59Z\n1970-01-01T00:00:00Z\n' | dstream --time '$1' window 10s count
1969-12-31T23:59:50Z	1
1970-01-01T00:00:00Z	1

# One-word windows.
$ printf '1795168800 a\n1795168801 a\n' > in
$ dstream --time '$1:s' count-by-window 10s in
2026-11-20T10:00:00Z	2
$ dstream --time '$1:s' count-by-value-and-window 10s in
2026-11-20T10:00:00Z	1795168800 a	1
2026-11-20T10:00:00Z	1795168801 a	1
$ dstream --time '$1:s' reduce-by-window 10s 'n=count' in
2026-11-20T10:00:00Z	2
$ dstream --time '$1:s' key-by '$2' reduce-by-key-and-window 10s n=count in
2026-11-20T10:00:00Z	a	2
$ dstream --time '$1:s' key-by '$2' group-by-key-and-window 10s in
2026-11-20T10:00:00Z	a	["1795168800 a","1795168801 a"]
$ dstream --time '$1:s' count-by-window 10s --slide 5s in
2026-11-20T09:59:55Z	2
2026-11-20T10:00:00Z	2

# Rows that are given again: what another row of the same value stood for is not taken back with it.
$ printf 'b 1\nc 2\nb 3\n' | dstream --clock '$2:s' --every 1s --time '$2:s' --pane-columns window 10s count-by '$1' distinct-by count reduce c=collect:count,k=collect:'$1'
1970-01-01T00:00:00Z	[1]	["b"]	early	0
1970-01-01T00:00:00Z	[2,1]	["b","c"]	on_time	1
$ printf '1 b\n2 c\n12 x\n3 b\n' | dstream --time '$1:s' --watermark 0s --late update window 10s count-by '$2' distinct-by count reduce c=collect:count
1970-01-01T00:00:00Z	[1]
1970-01-01T00:00:00Z	[2,1]
1970-01-01T00:00:10Z	[1]
