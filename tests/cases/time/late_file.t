# What becomes of late records: INTERFACE 8.1.

# EVENT-TIME 2.4: only when all of its windows are gone a record is late; it goes to the late output once, unchanged,
# and the file can be read as the input was.
$ printf 't,k\n2026-01-01T00:00:10Z,a\n2026-01-01T00:02:00Z,"b\nc"\n2026-01-01T00:00:20Z,"d\ne"\n2026-01-01T00:02:30Z,f\n' > in.csv
$ dstream -i csv --time t --watermark 0s --late late.csv window 1m count in.csv
2026-01-01T00:00:00Z	1
2026-01-01T00:02:00Z	2
dstream: 1 of 4 records came too late for its window and was put into late.csv; --watermark D waits longer
$ cat late.csv
t,k
2026-01-01T00:00:20Z,"d
e"
$ dstream -i csv --time t window 1m count late.csv
2026-01-01T00:00:00Z	1

# Sliding windows: late for the first ones, but not for all.
$ printf 't,k\n2026-01-01T00:00:10Z,a\n2026-01-01T00:02:00Z,"b\nc"\n2026-01-01T00:00:20Z,"d\ne"\n2026-01-01T00:02:30Z,f\n' > in.csv
$ dstream -i csv --time t --watermark 0s --late late.csv window 3m --slide 1m count in.csv
2025-12-31T23:58:00Z	1
2025-12-31T23:59:00Z	1
2026-01-01T00:00:00Z	4
2026-01-01T00:01:00Z	2
2026-01-01T00:02:00Z	2

# Sessions: EVENT-TIME 2.4, a record older than the watermark that touches a live session joins it.
$ printf 't,k\n2026-01-01T00:00:10Z,a\n2026-01-01T00:02:00Z,a\n2026-01-01T00:01:20Z,a\n2026-01-01T00:00:11Z,a\n' > s.csv
$ dstream -i csv --time t --watermark 0s --late late.csv session-window 1m count-by k s.csv
2026-01-01T00:00:10Z	2026-01-01T00:01:10Z	a	1
2026-01-01T00:01:20Z	2026-01-01T00:03:00Z	a	2
dstream: 1 of 4 records came too late for its window and was put into late.csv; --watermark D waits longer
$ cat late.csv
t,k
2026-01-01T00:00:11Z,a

# How late they were is in --stats.
$ printf 't,k\n2026-01-01T00:00:10Z,a\n2026-01-01T00:02:00Z,"b\nc"\n2026-01-01T00:00:20Z,"d\ne"\n2026-01-01T00:02:30Z,f\n' > in.csv
$ dstream -i csv --time t --watermark 0s --stats=json window 1m count in.csv 2>&1 >/dev/null | grep -o '"late_by":{[^}]*}'
"late_by":{"max":100.0,"p50":100.0,"p99":100.0}

# The header comes first however the input is read.
# once
$ printf 'ts,v\n1,a\n9,b\n2,c\n' > g.csv; mkdir in; cp g.csv in/; for source in g.csv dir:in 'glob:in/*'; do dstream -i csv --once --time ts:s --watermark 0s --late l.csv window 4s count "$source" >/dev/null 2>&1; cat l.csv; done
ts,v
2,c
ts,v
2,c
ts,v
2,c
$ printf 'ts,v\n1,a\n9,b\n2,c\n' > g.csv; dstream -i csv -F --for 0.3s --time ts:s --watermark 0s --late l.csv window 4s count g.csv >/dev/null 2>&1; cat l.csv
ts,v
2,c

# A job of several runs writes it once, also when the file with it only comes in the second.
# once
$ r() { dstream -i csv --once --checkpoint ck --time ts:s --watermark 0s --late l.csv window 4s count k.csv >/dev/null 2>&1; }; r; printf 'ts,v\n1,a\n9,b\n2,c\n' > k.csv; r; echo 3,d >> k.csv; r; cat l.csv
ts,v
2,c
3,d

# Late records of two streams go to one file, which is read again as the first one is.
$ printf 't,k,v\n1,a,3\n9,b,4\n2,b,4\n' > a.csv; printf 't,k,v\n1,a,3\n9,b,4\n3,b,5\n' > b.csv; dstream -i csv --time t:s --watermark 0s --late late.csv join b.csv --on k --within 1s a.csv; sort late.csv
1	a	3	1	3
9	b	4	9	4
dstream: 2 of 6 records came too late for their windows and were put into late.csv; --watermark D waits longer
2,b,4
3,b,5
t,k,v
$ printf 't,k,w\n1,a,3\n' > b.csv; dstream -i csv --time t:s --watermark 0s --late late.csv join b.csv --on k --within 1s a.csv
dstream: b.csv: its columns are others, or in another order, than those of the first input, and --late FILE keeps records of one header; --late drop counts them
    dstream -i csv --time t:s --watermark 0s --late late.csv join b.csv --on k --within 1s a.csv
                                                                  ^^^^^
? 2
$ printf '{"t":1,"k":"a"}\n' > b.json; dstream -i csv --time t:s --watermark 0s --late late.csv join b.json --on k --within 1s a.csv
dstream: --late FILE keeps records of one format, and 'b.json' has another than the first input; --late drop counts them
    dstream -i csv --time t:s --watermark 0s --late late.csv join b.json --on k --within 1s a.csv
                                                                  ^^^^^^
? 2

# Records that have waited in state in front of the window that finds them late have their line.
$ printf '1 a\n2 a\n9 a\n3 a\n1 a\n' > in; dstream --time '$1:s' --watermark 0s --late late scan 'z=lead:$1' window 2s count in; cat late
1970-01-01T00:00:00Z	1
1970-01-01T00:00:02Z	1
1970-01-01T00:00:08Z	1
dstream: 2 of 5 records came too late for their windows and were put into late; --watermark D waits longer
3 a
1 a
$ printf '1 x\n100 x\n1 l\n200 x\n' > a; printf '1 x\n100 x\n2 r\n200 x\n' > b; dstream --time '$1:s' --watermark 0s --late late join b --on '$2' --full --within 1s window 2s count a; cat late
1970-01-01T00:00:00Z	1
1970-01-01T00:01:40Z	1
1970-01-01T00:03:20Z	1
dstream: 2 of 8 records came too late for their windows and were put into late; --watermark D waits longer
1 l
2 r
$ printf '{"t":1,"k":"x"}\n{"t":9,"k":"x"}\n{"t":2,"k":"l"}\n' > a.json; dstream -i json --time t:s --watermark 0s --late late join a.json --on k --left --within 1s window 2s count a.json; cat late
1970-01-01T00:00:00Z	1
1970-01-01T00:00:08Z	1
dstream: 2 of 6 records came too late for their windows and were put into late; --watermark D waits longer
{"t":2,"k":"l"}
{"t":2,"k":"l"}

# Rows that are no records are kept as JSON.
$ printf '1 a\n2 a\n9 a\n3 a\n1 a\n' > in; dstream --time '$1:s' --watermark 0s --late late count-window 2 reduce 'n=count,m=first:$1' window 2s count in; cat late
1970-01-01T00:00:02Z	1
1970-01-01T00:00:08Z	1
dstream: 1 of 5 records came too late for its window and was put into late; --watermark D waits longer
{"n":1,"m":1}
$ dstream --time '$1:s' --watermark 0s --late late --explain count-window 2 reduce 'n=count,m=first:$1' window 2s count in | grep JSON
then       window 2s: has late rows kept as JSON, as they are no records

# What two operators find late stands in the order of the records.
$ printf '18 a\n15 a\n5 b\n16 a\n4 a\n30 a\n' > in; dstream --time '$1:s' --watermark 0s --late late window 10s burst 9 2s count in; cat late
dstream: 4 of 6 records came too late for their windows and were put into late; --watermark D waits longer
15 a
5 b
16 a
4 a

# What is found late among rows that had waited is in the file while the input goes on.
# once
$ printf '1 x\n' > b; (printf '1 x\n100 x\n'; sleep 0.2; printf '1 l\n200 x\n'; for i in $(seq 200); do grep -q l late && break; sleep 0.1; done; cp late then) | dstream --time '$1:s' --watermark 0s --late late join b --on '$2' --left --within 1s window 2s count; cat then
1970-01-01T00:00:00Z	1
1970-01-01T00:01:40Z	1
1970-01-01T00:03:20Z	1
dstream: 1 of 5 records came too late for its window and was put into late; --watermark D waits longer
1 l

# Of a record that was taken apart the line is there once.
$ printf '30 a\n5 d,e\n' > in; dstream --time '$1:s' --watermark 0s --late late flat-map 'x=split($2,",")' window 10s count in; cat late
1970-01-01T00:00:30Z	1
dstream: 1 of 2 records came too late for its window and was put into late; --watermark D waits longer
5 d,e
$ dstream --time '$1:s' --watermark 0s --max-late 49% flat-map 'x=split($2,",")' window 10s count in
1970-01-01T00:00:30Z	1
dstream: more than 49% late records (--max-late): 1 of 2
? 65
