# Where the stream goes. INTERFACE 3 (sinks), 9.1, 10; GUARANTEES 3.3, 5.

# INTERFACE 3: "one file per window (named by its start) ..., missing directories are made".
$ printf '0 a\n1 b\n70 a\n130 c\n131 a\n' > f; dstream --time '$1:s' window 1m count-by '$2' --output 'o/%Y/%H%M.csv' f; head o/*/*; ls -A o/1970
==> o/1970/0000.csv <==
window_start,$2,count
1970-01-01T00:00:00Z,a,1
1970-01-01T00:00:00Z,b,1

==> o/1970/0001.csv <==
window_start,$2,count
1970-01-01T00:01:00Z,a,1

==> o/1970/0002.csv <==
window_start,$2,count
1970-01-01T00:02:00Z,a,1
1970-01-01T00:02:00Z,c,1
0000.csv
0001.csv
0002.csv

# Sliding windows, and keys beside.
$ printf '0 a\n31 b\n' | dstream --time '$1:s' --watermark 0s window 1m --slide 30s count-by '$2' --output 'o/{$2}/%s'; head o/*/*
==> o/a/-30 <==
1969-12-31T23:59:30Z	a	1

==> o/a/0 <==
1970-01-01T00:00:00Z	a	1

==> o/b/0 <==
1970-01-01T00:00:00Z	b	1

==> o/b/30 <==
1970-01-01T00:00:30Z	b	1

# Records in windows keep to theirs.
$ printf '61 b\n0 a\n1 c\n' | dstream --time '$1:s' -o json window 1m --output '%H%M.json'; head *.json
==> 0000.json <==
{"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:01:00Z","line":"0 a"}
{"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:01:00Z","line":"1 c"}

==> 0001.json <==
{"window_start":"1970-01-01T00:01:00Z","window_end":"1970-01-01T00:02:00Z","line":"61 b"}

# INTERFACE 3: "batch (by its time)"; 8.2: "a batch carries its end".
$ seq 5 | dstream --batch-lines 2 sort-by '$1' --output '%S.tsv'; tail -n +1 *.tsv
==> 01.tsv <==
1
2

==> 02.tsv <==
3
4

==> 03.tsv <==
5
$ seq 5 | dstream --batch-lines 2 filter 'true' --output '%S.log'; head *.log
==> 01.log <==
1
2

==> 02.log <==
3
4

==> 03.log <==
5

# INTERFACE 3: "the zone": local.
$ echo 2026-03-01T23:30:00Z | dstream --tz Europe/Berlin --time '$1' window 1d count --output '%F.tsv'; head *
2026-03-02T00:00:00+01:00	1

# INTERFACE 3: "A pattern that cannot tell two neighbours apart is refused at start".
$ dstream --time '$1:s' window 1m count --output %Y%m%dT%H /dev/null
dstream: --output: '%Y%m%dT%H' gives 2024-01-01T00:01:00Z and 2024-01-01T00:02:00Z one name ('20240101T00')
    dstream --time '$1:s' window 1m count --output %Y%m%dT%H /dev/null
                                                   ^^^^^^^^^
? 2
$ dstream --tz Europe/Berlin --time '$1:s' window 1h count --output %Y%m%dT%H /dev/null
dstream: --output: '%Y%m%dT%H' gives 2024-10-27T02:00:00+02:00 and 2024-10-27T02:00:00+01:00 one name ('20241027T02'): the clock is set back there; add %z, or give --tz UTC
    … --tz Europe/Berlin --time '$1:s' window 1h count --output %Y%m%dT%H /dev/null
                                                                ^^^^^^^^^
? 2
$ dstream --tz Europe/Berlin --time '$1:s' window 1h count --output %Y%m%dT%H%z /dev/null

# What prints a window more than once cannot have a file that is complete.
$ dstream --time '$1:s' --allowed-lateness 1m window 1m count --output %s /dev/null
dstream: --output: a file gets its name when its window is final, and a late record prints a window more than once
    dstream --time '$1:s' --allowed-lateness 1m window 1m count --output %s /dev/null
                                                                ^^^^^^^^
? 2
$ dstream --every 1s window 1m count --output %s /dev/null
dstream: --output: a file gets its name when its window is final, and a trigger prints a window more than once
    dstream --every 1s window 1m count --output %s /dev/null
                                       ^^^^^^^^
? 2
$ dstream session-window 1m count --output %s
dstream: --output: a file for each window needs windows of a size; of those here it is not known when no other with the same start comes
    dstream session-window 1m count --output %s
                                    ^^^^^^^^
? 2
$ dstream count --output %s /dev/null
dstream: --output: the times of a pattern are those of windows, batches or --every, and there are none here
    dstream count --output %s /dev/null
                  ^^^^^^^^
? 2
$ dstream --batch-lines 2 --mark-batches count --output %s /dev/null
dstream: --output: --mark-batches marks one output, and a pattern is many files
    dstream --batch-lines 2 --mark-batches count --output %s /dev/null
                                                 ^^^^^^^^
? 2
$ dstream -o table --time '$1:s' window 1m count --output %s /dev/null
dstream: --output: a table is laid out as a whole; name csv, tsv or json for a pattern
    dstream -o table --time '$1:s' window 1m count --output %s /dev/null
                                                   ^^^^^^^^
? 2
$ dstream --time '$1:s' window 1m count --output %Q /dev/null
dstream: --output: unknown directive '%Q' in the time format '%Q'
    dstream --time '$1:s' window 1m count --output %Q /dev/null
                                                   ^^
? 2
$ dstream filter true --output 'a{b' /dev/null
dstream: --output: a brace that is meant is written twice; one around a field is closed
    a{b
     ^
? 2
$ dstream filter true --output 'a{}' /dev/null
dstream: --output: no name in the braces
    a{}
     ^^
? 2
$ echo a,b > f.csv; dstream -i csv filter true --output '{nope}' f.csv
dstream: --output: no field 'nope'
    {nope}
     ^^^^ the record has: a, b
? 2
$ dstream --max-open 3 count /dev/null
dstream: --max-open is about an --output that is many files: 'by/{host}.log', '%Y-%m-%d.log'
    dstream --max-open 3 count /dev/null
            ^^^^^^^^^^
? 2
$ dstream tee 'x-{a}' /dev/null
dstream: tee: 'x-{a}' is no file; patterns and sockets are for --output, at the end of a chain
    dstream tee 'x-{a}' /dev/null
                 ^^^^^
? 2
$ dstream --output-mode complete count --append --output x /dev/null
dstream: --output: --output-mode complete replaces the file at each trigger; --append cannot add to it
    dstream --output-mode complete count --append --output x /dev/null
                                                  ^^^^^^^^
? 2
$ dstream --output-mode complete count --output '{count}' /dev/null
dstream: --output: --output-mode complete replaces one file at each trigger; a pattern is many files
    dstream --output-mode complete count --output '{count}' /dev/null
                                         ^^^^^^^^
? 2

# INTERFACE 3: "one file per key value; `/` and leading dots in values are escaped; at most --max-open open".
$ printf '../../x 1\na/b 2\n. 3\n 4\na/b 5\n50%% 6\n' > f; for n in 1 2 256; do dstream -d' ' filter true --output 'o/{$1}' --max-open $n f; head o/*; done | sort | uniq -c
     12 
      3  4
      3 . 3
      3 ../../x 1
      3 50% 6
      3 ==> o/% <==
      3 ==> o/%2E <==
      3 ==> o/%2E.%2F..%2Fx <==
      3 ==> o/50%25 <==
      3 ==> o/a%2Fb <==
      3 a/b 2
      3 a/b 5

$ printf 'k,v\na,1\nb,2\na,3\n' | dstream -i csv filter true --output 'o/{k}.csv'; head o/*
==> o/a.csv <==
k,v
a,1
a,3

==> o/b.csv <==
k,v
b,2

$ printf 'k,v\na,1\nb,2\na,3\n' | dstream -i csv filter true --output 'o/{k}.json' -o csv; head o/*
==> o/a.json <==
k,v
a,1
a,3

==> o/b.json <==
k,v
b,2

$ printf 'a 1\nb 2\n' | dstream map 'n=$2/3,k=$1' select n,k --output '{k}.tsv' --digits 2; head *.tsv
==> a.tsv <==
0.33	a

==> b.tsv <==
0.67	b

# --append: to what is there, a header only into what is empty.
$ mkdir o; printf 'k,v\na,0\n' > o/a.csv; printf 'k,v\na,1\nb,2\n' | dstream -i csv filter true --append --output 'o/{k}.csv'; head o/*
==> o/a.csv <==
k,v
a,0
a,1

==> o/b.csv <==
k,v
b,2

$ echo before > 00.tsv; printf '0\n61\n' | dstream --time '$1:s' window 1m count --append --output %M.tsv; head *.tsv
==> 00.tsv <==
before
1970-01-01T00:00:00Z	1

==> 01.tsv <==
1970-01-01T00:01:00Z	1

# Braces and per cent signs that are meant.
$ echo a | dstream filter true --output 'x{{y}}%%.log'; head x*
a

# An output that cannot be made: 73; that cannot be written: 74, with its name.
$ echo a | dstream filter true --output no/where
dstream: cannot create 'no/where': No such file or directory
? 73
$ echo a | dstream filter true --output /dev/full
dstream: cannot write to /dev/full: No space left on device
? 74
$ echo a | dstream filter true tee /dev/full
a
dstream: tee: cannot write to /dev/full: No space left on device
? 74
$ echo a | dstream -i json filter true --on-bad skip --bad-file /dev/full
dstream: cannot write to /dev/full (--bad-file): No space left on device
? 74
$ echo a | dstream filter true tee no/where
dstream: tee: no/where: cannot create 'no/where': No such file or directory
? 73
$ echo a > o; echo a | dstream filter true --output 'o/{$1}'
dstream: cannot create 'o/a': File exists
? 73
$ echo a | dstream filter true --output unix:none
dstream: cannot connect to unix:none: there is no such socket
? 73
$ echo a | dstream filter true --output tcp:nowhere
dstream: --output: tcp:nowhere: an address is HOST:PORT
    dstream filter true --output tcp:nowhere
                        ^^^^^^^^
? 2

# INTERFACE 3: "--output-mode complete: replaced whole at each trigger": by batches the last one's.
$ seq 5 | dstream --batch-lines 2 --output-mode complete update-state-by '$1%2' count --output t.csv; cat t.csv
$1%2,count
0,2
1,3

$ seq 5 | dstream --output-mode complete count-by '$1%2' -o table --output t; cat t; ls -A
$1%2  count
   0      2
   1      3
t

# A tee goes on over runs with a checkpoint, as the output does.
$ for i in 1 2; do echo $i >> f; dstream --once --checkpoint ck tee copy.log count --output-mode complete --output n f; done; cat copy.log n
1
2
2

# Rows are not added below the header of others.
$ printf 'a,b\n1,2\n' > in.csv; printf 'x,y\n' > out.csv; dstream -i csv select a -o csv --append --output out.csv in.csv; cat out.csv
dstream: cannot append to 'out.csv': it begins with 'x,y', and the rows' header is 'a'; choose its columns with select, or name another file
x,y
$ dstream -i csv filter true --append --output out.csv in.csv
dstream: cannot append to 'out.csv': it begins with 'x,y', and the rows' header is 'a,b'; choose its columns with select, or name another file
? 73
$ dstream -i csv filter true --append --output in.csv < <(all=$(cat in.csv); echo "$all") && cat in.csv
a,b
1,2
1,2
$ printf 'b\r\n1' > crlf.csv; dstream -i csv select b -o csv --append --output crlf.csv in.csv
$ printf 'a,b\n1,2\n' > in.csv; dstream -i csv select b -o tsv -H --append --output out.csv in.csv
dstream: cannot append to 'out.csv': it begins with 'x,y', and the rows' header is 'b'; choose its columns with select, or name another file
? 73
$ dstream -i csv select b -o tsv --append --output out.csv in.csv; cat out.csv
x,y
2
$ printf 'x\n' > of-1.csv; dstream -i csv select a -o csv --append --output 'of-{a}.csv' in.csv; cat of-1.csv
dstream: cannot append to 'of-1.csv': it begins with 'x', and the rows' header is 'a'; choose its columns with select, or name another file
x
$ printf 't,v\n1,2\n' > in.csv; printf 'x\n' > w-1970.csv; dstream -i csv --time t:s window year filter true -o csv --append --output 'w-%Y.csv' in.csv; cat w-1970.csv
dstream: cannot append to 'w-1970.csv': it begins with 'x', and the rows' header is 'window_start,t,v'; choose its columns with select, or name another file
x

# --append ends a line that is not ended, once, also where a run goes on.
$ printf 'id,name\n7,x' > o.csv; printf 'id,name\n1,ann\n' > u.csv; dstream -i csv filter 'id>0' u.csv --output o.csv --append; cat o.csv
id,name
7,x
1,ann
$ printf 'id,name\n7,x' > o.csv; dstream -i csv filter 'id>9' u.csv --output o.csv --append; tail -c 1 o.csv
x
\ no newline
$ printf 'old' > o; for i in 1 2; do echo $i >> f; dstream --once --checkpoint ck filter true --append --output o f; done; cat o
old
1
2
$ printf 'id,name\n7,x' > p-1.csv; dstream -i csv filter true u.csv --append --output 'p-{id}.csv'; cat p-1.csv
id,name
7,x
1,ann
$ printf 'window_start,t\n0,7' > w-1970.csv; printf 't\n1\n' | dstream -i csv --time t:s window year select t -o csv --append --output 'w-%Y.csv'; cat w-1970.csv
window_start,t
0,7
1970-01-01T00:00:00Z,1

# Names of a header are the same, quoted or not.
$ printf 'id,name\n1,ann\n' > u.csv; printf '"id","name"\n' > q.csv; dstream -i csv filter true u.csv --output q.csv --append; dstream -i csv select id,name -o csv u.csv --output q.csv --append; cat q.csv
"id","name"
1,ann
1,ann
$ printf '"id,name"\n' > q.csv; dstream -i csv filter true u.csv --output q.csv --append
dstream: cannot append to 'q.csv': it begins with '"id,name"', and the rows' header is 'id,name'; choose its columns with select, or name another file
? 73

# The header in front of original lines is the input's, byte for byte.
$ printf 'a,b\r\n1,2\r\n' | dstream -i csv filter 'a>0' | od -c
0000000   a   ,   b  \r  \n   1   ,   2  \r  \n
0000012
$ printf '\357\273\277a\tb\r\n1\t2\r\n' > in; dstream -i tsv tee t filter 'a>0' --output o in; cmp in o; cmp in t; dstream -i tsv filter true --append --output o in; head -1 o | od -c
0000000 357 273 277   a  \t   b  \r  \n
0000010

# A link stays, and what it leads to is replaced: a file, one that is not there yet, one of many, one of totals.
$ mkdir d; echo old > d/real; ln -s d/real link; ln -s link further; seq 2 > in; dstream filter true --output further in; cat d/real; readlink link further; ls -A d
1
2
d/real
link
real

$ mkdir d; ln -s d/new link; seq 2 > in; for i in 1 2; do dstream filter true --checkpoint ck --output link in; cat d/new; readlink link; done
1
2
d/new
1
2
d/new

$ mkdir d by; ln -s ../d/x by/1; seq 2 | dstream filter true --output 'by/{$1}'; cat d/x; readlink by/1; ls -A by d
1
../d/x
by:
1
2

d:
x

$ mkdir d; ln -s d/totals link; seq 2 | dstream count-by '$1' --output-mode complete --output link; cat d/totals; readlink link
1	1
2	1
d/totals

$ ln -s loop loop; seq 2 | dstream filter true --output loop
dstream: cannot create 'loop': Too many levels of symbolic links
? 73

# What is no regular file, or is open already, is written itself.
$ ln -s /proc/self/fd/1 mine; seq 2 | dstream filter true --output mine | cat; seq 2 | dstream map z=1 -o csv --output mine > o; cat o; readlink mine
1
2
line,z
1,1
2,1
/proc/self/fd/1

$ ln -s pipe link; mkfifo pipe; cat pipe & seq 2 | dstream filter true --output link; wait; readlink link; test -p pipe
1
2
pipe
