# What a job goes on from, what it may change, and what its checkpoint shows.

# A changed chain is refused with what differs (GUARANTEES G7)
# once
$ printf 'a 1\nb 2\na 3\n' > log
$ dstream --once --checkpoint ck count-by '$1' log
$ dstream --once --checkpoint ck count-by '$2' log
dstream: the checkpoint 'ck' is of another chain:
    parse     text
    time      none
  - aggregate keys $1   aggs count() as count   scope forever
  + aggregate keys $2   aggs count() as count   scope forever
name another file, begin anew with --checkpoint-reset, or keep the state that fits with --checkpoint-adopt
? 65
$ dstream --once --checkpoint ck --checkpoint-adopt count-by '$2' log
dstream: the checkpoint 'ck' does not fit this chain: it has no state for 'count-by $2' as it is now; --discard-state count-by lets it start empty; --checkpoint-reset begins anew
? 65
$ dstream --once --checkpoint ck --checkpoint-adopt --discard-state tally count-by '$2' log
dstream: --discard-state tally: no operator of this chain has state and is called so; there is count-by $2
    dstream --once --checkpoint ck --checkpoint-adopt --discard-state tally count-by '$2' log
                                                      ^^^^^^^^^^^^^^^
? 2
$ printf 'a 9\n' >> log; dstream --once --final --checkpoint ck --checkpoint-adopt --discard-state count-by count-by '$2' log
9	1

# What fits is kept: another filter in front
# once
$ printf 'a 1\nb 2\na 3\n' > log
$ dstream --once --checkpoint ck count-by '$1' log
$ printf 'a 1\nc 1\n' >> log; dstream --once --final --checkpoint ck --checkpoint-adopt filter '$1 != "c"' count-by '$1' log
a	3
b	1

# Free to change: threads, output format, what follows the last operator with state
# once
$ printf 'a 1\nb 2\na 3\n' > log
$ dstream --once --checkpoint ck count-by '$1' log
$ printf 'a 1\n' >> log; dstream -j 3 -o json --once --final --checkpoint ck count-by '$1' filter 'count > 1' log
{"$1":"a","count":3}

# Other sources
# once
$ printf 'a 1\nb 2\na 3\n' > log
$ dstream --once --checkpoint ck count-by '$1' log
$ cp log copy; printf 'b 1\n' >> copy; dstream --once --checkpoint ck count-by '$1' copy
dstream: the checkpoint 'ck' is of other sources:
  - log
  + copy
if they are what is meant, --checkpoint-adopt goes on with them
? 65
$ dstream --once --final --checkpoint ck --checkpoint-adopt count-by '$1' copy
a	4
b	3

# A job that has ended: again it prints nothing; when its input has grown it says so
# once
$ printf 'a 1\nb 2\na 3\n' > log
$ dstream --checkpoint ck count-by '$1' log
a	2
b	1
$ dstream --checkpoint ck count-by '$1' log
$ printf 'b 1\n' >> log; dstream --checkpoint ck count-by '$1' log
dstream: 'log' has grown since the job of the checkpoint 'ck' ended; a job that goes on with what comes is told --once (or -F) from its first run on; --checkpoint-reset begins anew
    dstream --checkpoint ck count-by '$1' log
                                          ^^^
? 2
$ dstream --checkpoint ck --checkpoint-reset count-by '$1' log
a	2
b	2

# Options that are about a checkpoint
# once
$ dstream --wait 1s count /dev/null
dstream: --wait needs --checkpoint FILE, which it is about
    dstream --wait 1s count /dev/null
            ^^^^^^
? 2
$ dstream --checkpoint ck --checkpoint-reset --checkpoint-adopt count /dev/null
dstream: --checkpoint-reset and --checkpoint-adopt: the one forgets what the other is to keep
    dstream --checkpoint ck --checkpoint-reset --checkpoint-adopt count /dev/null
                            ^^^^^^^^^^^^^^^^^^
? 2
$ dstream --checkpoint ck --discard-state count count /dev/null
dstream: --discard-state needs --checkpoint-adopt: it says which state need not fit
    dstream --checkpoint ck --discard-state count count /dev/null
                            ^^^^^^^^^^^^^^^
? 2
$ dstream --show
dstream: --show needs --checkpoint FILE, which it shows
    dstream --show
            ^^^^^^
? 2
$ dstream --checkpoint ck --show
dstream: there is no checkpoint 'ck'
? 66

# What is in it, for people
# once
$ printf '0 a\n5 b\n12 a\n' > log; dstream --once --time '$1:s' --watermark 1s --checkpoint ck window 10s count-by '$2' --output out log
$ dstream --checkpoint ck --show | sed -E 's/[0-9]+ bytes; all/N bytes; all/; s/[0-9]+ KiB; all/N KiB; all/; s/, [0-9]+ bytes$/, N bytes/; s/written .* ago \([^)]*\)/written T ago/'
checkpoint  ck: generation 2, written T ago, N bytes; all checksums are right
chain       parse     text
            time      time($1)
            aggregate keys $2   aggs count() as count   scope window 10s
source      log: byte 13 of 13, behind line 3
time        files: up to 1970-01-01T00:00:12Z
output      out: 50 bytes
watermark   1970-01-01T00:00:11Z
next        closes at 1970-01-01T00:00:20Z
state       count-by $2: 1 keys, N bytes

# And for programs
# once
$ printf '0 a\n5 b\n12 a\n' > log; dstream --once --time '$1:s' --watermark 1s --checkpoint ck window 10s count-by '$2' --output out log
$ dstream --checkpoint ck --show=json | grep -v '"kind":"state"' | sed -E 's/\.[0-9a-f]{32}\./.RUN./; s/"(created|fingerprint|run|program|device|inode|modified|began|bytes)":("[^"]*"|[0-9]+)/"\1":X/g'
{"chain":["parse     text","time      time($1)","aggregate keys $2   aggs count() as count   scope window 10s"],"created":X,"ended":false,"fingerprint":X,"generation":2,"kind":"header","program":X,"run":X,"sources":["log"]}
{"compressed":false,"device":X,"done":false,"inode":X,"kind":"source","lines":3,"modified":X,"offset":13,"path":"log","side":0,"size":13}
{"kind":"watermark","latest":12000000000,"source":"files"}
{"aside":null,"complete":false,"kind":"sink","length":50,"path":"out"}
{"began":X,"enough":false,"held":[{"bytes":X,"keys":1,"operators":"count-by $2"}],"kind":"engine","next_end":20000000000,"watermark":11000000000}

# A run whose only new line is bad goes on with the job: that it is of the format was known.

$ printf '{"k":1}\n{"k":2}\n' > log; dstream --once --checkpoint ck -i json count-by k log
$ printf 'oops\n' >> log; dstream --once --checkpoint ck -i json count-by k log
dstream: 1 of 1 record is not JSON (first: log:3 col 1)
$ printf '{"k":2}\n' >> log; dstream --once --final --checkpoint ck -i json count-by k log
1	1
2	2

# Another stream that is empty in the first runs: they wait for it where its fields are columns, and it may rotate later
# once
$ printf '{"t":%s,"k":"a"}\n' 1 2 3 4 > in; : > other
$ dstream -i json --time t:s --once --checkpoint ck --output out join other --left --on k --within 200ms --as o in
dstream: other has no record yet, and its fields are columns of the output: nothing is read until then
$ printf '{"t":%s,"k":"a","z":%s}\n' 1 5 2 6 > other
$ dstream -i json --time t:s --once --checkpoint ck --output out join other --left --on k --within 200ms --as o in
$ mv other other.1; : > other
$ dstream -i json --time t:s --once --checkpoint ck --output out join other --left --on k --within 200ms --as o in
$ printf '{"t":4,"k":"a","y":1}\n' > other
$ dstream -i json --time t:s --once --final --checkpoint ck --output out join other --left --on k --within 200ms --as o in
dstream: 1 row has fields that are no columns, as the first record lacks them: y; name them with select, or write records whole with -o json
$ cat out
1	a	1	5
2	a	2	6
3	a		
4	a	4	

# Whole records need no columns: nothing waits
# once
$ printf '{"t":%s,"k":"a"}\n' 1 2 3 4 > in; : > other
$ dstream -i json --time t:s --once --checkpoint ck -o json --output out join other --left --on k --within 200ms --as o in
$ dstream --checkpoint ck --show=json | grep -c '"path":"in"'
1
$ printf '{"t":%s,"k":"a","z":%s}\n' 1 5 2 6 > other
$ dstream -i json --time t:s --once --final --checkpoint ck -o json --output out join other --left --on k --within 200ms --as o in
$ cat out
{"t":1,"k":"a","o.t":1,"o.z":5}
{"t":2,"k":"a","o.t":2,"o.z":6}
{"t":3,"k":"a"}
{"t":4,"k":"a"}

# What is read from a pipe cannot wait: it is told what the columns lack, and they lack it in all runs
# once
$ printf '{"t":%s,"k":"a"}\n' 1 2 > in; : > other
$ cat in | dstream -i json --time t:s --once --checkpoint ck --output out join other --left --on k --within 200ms --as o
dstream: other has no record yet: its fields will be no columns of this job's output
$ printf '{"t":1,"k":"a","z":5}\n' > other
$ cat in | dstream -i json --time t:s --once --final --checkpoint ck --output out join other --left --on k --within 200ms --as o
dstream: 2 rows have fields that are no columns, as the first record lacks them: t, z; name them with select, or write records whole with -o json

# Rotated before anything was read of it, and nothing new is there: its first record is found where it is
# once
$ printf '{"a":1' > in; dstream -i json --once --checkpoint ck --output out --from in filter 'a>0'
$ printf ',"b":2}\n' >> in; mv in in.1; gzip in.1
$ dstream -i json --once --final --checkpoint ck --output out --from in filter 'a>0'
$ cat out
{"a":1,"b":2}

# A run that has read the header and no record: the next one knows it, and begins behind it.
# once
$ printf 'ts,k\n2026-01-01T00:0' > l.csv; r() { dstream -i csv --time ts window 1m count-by k --once --checkpoint ck --append --output out "$@" l.csv; }; r; printf '1:00Z,a\n2026-01-01T00:01:10Z,a\n' >> l.csv; r --final; cat out
2026-01-01T00:01:00Z	a	2

# Original lines: the header once, at the beginning, also when the file only comes in the second run.
# once
$ r() { dstream -i csv --once --checkpoint ck filter 'ts>1' k.csv 2>/dev/null; }; r; printf 'ts,v\n1,a\n2,b\n' > k.csv; r; echo 3,c >> k.csv; r
ts,v
2,b
3,c
$ r() { dstream -i csv --once --checkpoint ck2 --append --output out.csv filter 'ts>1' tee t.csv k.csv; }; r; echo 4,d >> k.csv; r; cat out.csv; cat t.csv
ts,v
2,b
3,c
4,d
ts,v
2,b
3,c
4,d

# INTERFACE 2.6: --mark-batches without a batch option marks commits; a run that goes on from one says so first, and what
# stands behind that mark in an output that was broken off comes again.
$ seq 3 > log; dstream --once --checkpoint ck --mark-batches scan cumsum:'$1' log; seq 4 5 >> log; dstream --once --checkpoint ck --mark-batches scan cumsum:'$1' log
1	1
2	3
3	6
-- 1
-- 1
4	10
5	15
-- 2
$ seq 3 > m; dstream --checkpoint ck2 --mark-batches count m; dstream --checkpoint ck2 --mark-batches count m
3
-- 1
-- 1
$ seq 3 | dstream --mark-batches count
dstream: --mark-batches marks the ends of batches; give --batch, --batch-lines or --batch-on, or --checkpoint, whose commits it marks then
    dstream --mark-batches count
            ^^^^^^^^^^^^^^
? 2
$ seq 3 | dstream --mark-batches --checkpoint ck --output o count
dstream: --mark-batches without batches marks commits for who reads standard output; a file has each row once without; leave it out, or give --batch, --batch-lines or --batch-on
    dstream --mark-batches --checkpoint ck --output o count
            ^^^^^^^^^^^^^^
? 2

# A first run over an empty log goes on with the fields that its first record tells.
# once
$ : > log; dstream -i json --once --checkpoint ck group-by k map 'n=len(v)' log
$ printf '{"k":1,"v":2}\n' >> log; dstream -i json --once --checkpoint ck group-by k map 'n=len(v)' log
$ printf '{"k":1,"v":3}\n' >> log; dstream -i json --once --final --checkpoint ck group-by k map 'n=len(v)' log
1	[2,3]	2

# No header is written before a first record has told the columns: the runs behind would not fit it
# once
$ : > in; for i in 1 2; do dstream -i csv --once --checkpoint ck map z=1 tee t.csv --append --output o.csv in; done; cat o.csv t.csv
$ printf 'a,b\n1,2\n' >> in; for i in 1 2; do dstream -i csv --once --checkpoint ck map z=1 tee t.csv --append --output o.csv in; done; cat o.csv t.csv
a,b,z
1,2,1
a,b,z
1,2,1

# once
$ : > in; for i in 1 2; do dstream -i csv --once --checkpoint ck map z=1 -o csv in; done
$ printf 'a,b\n1,2\n' > in; for i in 1 2; do dstream -i csv --once --checkpoint ck map z=1 -o csv in; echo 3,4 >> in; done
a,b,z
1,2,1
3,4,1

# once
$ printf '{"a":1' > in; dstream -i json --once --checkpoint ck map z=1 --append --output o.csv in
$ printf ',"b":2}\n' >> in; dstream -i json --once --checkpoint ck map z=1 --append --output o.csv in; cat o.csv
a,b,z
1,2,1

# once
$ echo '{"t":1,"a":1}' > in; : > other; dstream -i json --once --checkpoint ck --time t:s join other --left --on a --within 1h -o csv in
dstream: other has no record yet, and its fields are columns of the output: nothing is read until then
$ echo '{"t":1,"a":1,"b":2}' > other; for i in 1 2; do dstream -i json --once --checkpoint ck --time t:s join other --left --on a --within 1h -o csv in; done
t,a,other.t,b

# Keys are counted that have no totals yet
# once
$ printf 'a\nb\na\n' > in; dstream --once --checkpoint ck update-state-by '$1' count in; dstream --checkpoint ck --show | sed -n 's/^\(state.*keys\).*/\1/p'
state       update-state-by $1 count: 2 keys

# Each run prints what its records have let out, also where they only let go of what was held and time stands as it was.
# once
$ for n in 1 2 3 4; do printf '0 a\n0 a\n9 a\n9 a\n' | head -$n > in; dstream --once --checkpoint ck --time '$1:s' --watermark 0s scan 'z=lead:$1' window 5s count in; done
1970-01-01T00:00:00Z	2

# Groups of two streams go on in front of a third one.
# once
$ printf '{"t":1,"k":"a","i":1}\n' > l.json; printf '{"t":1,"k":"a","j":1}\n' > r.json; printf '{"t":1,"k":"a","m":1}\n' > s.json; for i in 1 2; do dstream --once --checkpoint ck -i json --batch-lines 9 cogroup r.json --on k union s.json -o json l.json; done
