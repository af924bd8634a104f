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
$ seq 5 | dstream --batch-lines 2 sort-by -n --output '%S.log' '$1'; head *.log
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
? 2
$ dstream --tz Europe/Berlin --time '$1:s' window 1h count --output %Y%m%dT%H /dev/null
dstream: --output: '%Y%m%dT%H' gives 2024-10-27T02:00:00+02:00 and 2024-10-27T02:00:00+01:00 one name ('20241027T02'): the clock is set back there; add %z, or give --tz UTC
? 2
$ dstream --tz Europe/Berlin --time '$1:s' window 1h count --output %Y%m%dT%H%z /dev/null

# What prints a window more than once cannot have a file that is complete.
$ dstream --time '$1:s' --allowed-lateness 1m window 1m count --output %s /dev/null
$ dstream --every 1s window 1m count --output %s /dev/null
$ dstream session-window 1m count --output %s
$ dstream count --output %s /dev/null
$ dstream --batch-lines 2 --mark-batches count --output %s /dev/null
$ dstream -o table --time '$1:s' window 1m count --output %s /dev/null
$ dstream --time '$1:s' window 1m count --output %Q /dev/null
$ dstream filter true --output 'a{b' /dev/null
$ dstream filter true --output 'a{}' /dev/null
$ dstream -i csv filter true --output '{nope}' f.csv
$ dstream --max-open 3 count /dev/null
$ dstream tee 'x-{a}' /dev/null
$ dstream --output-mode complete count --append --output x /dev/null
$ dstream --output-mode complete count --output '{count}' /dev/null

# INTERFACE 3: "one file per key value; `/` and leading dots in values are escaped; at most --max-open open".
$ printf '../../x 1\na/b 2\n. 3\n 4\na/b 5\n50%% 6\n' > f; for n in 1 2 256; do dstream -d' ' filter true --output 'o/{$1}' --max-open $n f; head o/*; done | sort | uniq -c
$ printf 'k,v\na,1\nb,2\na,3\n' | dstream -i csv filter true --output 'o/{k}.csv'; head o/*
$ printf 'k,v\na,1\nb,2\na,3\n' | dstream -i csv filter true --output 'o/{k}.json' -o csv; head o/*
$ printf 'a 1\nb 2\n' | dstream map n='num($2)/3' select n,k='$1' --output '{k}.tsv' --digits 2; head *.tsv

# --append: to what is there, a header only into what is empty.
$ mkdir o; printf 'k,v\na,0\n' > o/a.csv; printf 'k,v\na,1\nb,2\n' | dstream -i csv filter true --append --output 'o/{k}.csv'; head o/*
$ echo before > 00.tsv; printf '0\n61\n' | dstream --time '$1:s' window 1m count --append --output %M.tsv; head *.tsv

# Braces and per cent signs that are meant.
$ echo a | dstream filter true --output 'x{{y}}%%.log'; head x*

# An output that cannot be made: 73; that cannot be written: 74, with its name.
$ echo a | dstream filter true --output no/where
dstream: cannot create 'no/where': No such file or directory (os error 2)
? 73
$ echo a | dstream filter true --output /dev/full
$ echo a | dstream filter true tee /dev/full
$ echo a | dstream -i json filter true --on-bad skip --bad-file /dev/full
$ echo a | dstream filter true tee no/where
$ echo a > o; echo a | dstream filter true --output 'o/{$1}'
$ echo a | dstream filter true --output unix:none
$ echo a | dstream filter true --output tcp:nowhere

# INTERFACE 3: "--output-mode complete: replaced whole at each trigger": by batches the last one's.
$ seq 5 | dstream --batch-lines 2 --output-mode complete update-state-by '$1%2' count --output t.csv; cat t.csv
$ seq 5 | dstream --output-mode complete count-by 'num($1)%2' -o table --output t; cat t; ls -A

# A tee goes on over runs with a checkpoint, as the output does.
$ for i in 1 2; do echo $i >> f; dstream --once --checkpoint ck tee copy.log count --output-mode complete --output n f; done; cat copy.log n
