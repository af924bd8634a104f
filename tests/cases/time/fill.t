# fill: INTERFACE 6.2, EVENT-TIME 2.3.

# EVENT-TIME 2.3: "a window exists from its first record; empty windows print nothing unless fill follows (then from
# the key's first window to the last window seen)".
$ printf '0 a 4\n12 b 1\n30 a 10\n31 c 1\n' | dstream --time '$1:s' window 10s count-by '$2' fill zero
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:10Z	a	0
1970-01-01T00:00:10Z	b	1
1970-01-01T00:00:20Z	a	0
1970-01-01T00:00:20Z	b	0
1970-01-01T00:00:30Z	a	1
1970-01-01T00:00:30Z	b	0
1970-01-01T00:00:30Z	c	1

# Keys stay; each aggregate gets 0, null, or its last value: lists are empty, text is null.
$ printf '0 a 4\n20 a 6\n' | dstream --time '$1:s' window 10s reduce-by '$2' 'n=count,sum:$3,v=last:$2,l=collect:$3' fill zero -o json
{"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:00:10Z","$2":"a","n":1,"sum_3":4,"v":"a","l":[4]}
{"window_start":"1970-01-01T00:00:10Z","window_end":"1970-01-01T00:00:20Z","$2":"a","n":0,"sum_3":0,"v":null,"l":[]}
{"window_start":"1970-01-01T00:00:20Z","window_end":"1970-01-01T00:00:30Z","$2":"a","n":1,"sum_3":6,"v":"a","l":[6]}
$ printf '0 a 4\n20 a 6\n' | dstream --time '$1:s' window 10s reduce-by '$2' 'n=count,sum:$3' fill null -o json
{"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:00:10Z","$2":"a","n":1,"sum_3":4}
{"window_start":"1970-01-01T00:00:10Z","window_end":"1970-01-01T00:00:20Z","$2":"a","n":null,"sum_3":null}
{"window_start":"1970-01-01T00:00:20Z","window_end":"1970-01-01T00:00:30Z","$2":"a","n":1,"sum_3":6}

# EVENT-TIME 2.3: "linear waits for the key's next one": in front of the window that has it; b has no next one.
$ printf '0 a 4\n12 b 1\n22 c 8\n30 a 10\n31 c 1\n' | dstream --time '$1:s' window 10s reduce-by '$2' 'v=avg:$3' fill linear
1970-01-01T00:00:00Z	a	4
1970-01-01T00:00:10Z	b	1
1970-01-01T00:00:20Z	c	8
1970-01-01T00:00:10Z	a	6
1970-01-01T00:00:20Z	a	8
1970-01-01T00:00:30Z	a	10
1970-01-01T00:00:30Z	c	1

# A window behind it waits for what a line may still bring.
$ printf '0 a 4\n12 b 1\n22 c 8\n30 a 10\n31 c 1\n50 c 5\n' | dstream --time '$1:s' --watermark 0s window 10s reduce-by '$2' 'v=avg:$3' fill linear window 20s reduce n=count,sum:v
1970-01-01T00:00:00Z	3	11
1970-01-01T00:00:20Z	4	27
1970-01-01T00:00:40Z	2	8

# Overlapping windows, and those of the calendar with the hours that a change of the clocks leaves out.
$ printf '0\n40\n' | dstream --time '$1:s' window 20s --slide 10s count fill zero
1969-12-31T23:59:50Z	1
1970-01-01T00:00:00Z	1
1970-01-01T00:00:10Z	0
1970-01-01T00:00:20Z	0
1970-01-01T00:00:30Z	1
1970-01-01T00:00:40Z	1
$ printf '2026-10-24T12:00:00Z\n2026-10-27T12:00:00Z\n' | dstream --tz Europe/Berlin --time '$1' window day count fill last
2026-10-24T00:00:00+02:00	1
2026-10-25T00:00:00+02:00	1
2026-10-26T00:00:00+01:00	1
2026-10-27T00:00:00+01:00	1

# It goes on as an aggregate does: top, and windows behind.
$ printf '0 a\n1 a\n2 b\n20 b\n' | dstream --time '$1:s' window 10s count-by '$2' fill last top 1
1970-01-01T00:00:00Z	a	2
1970-01-01T00:00:10Z	a	2
1970-01-01T00:00:20Z	a	2

# What it cannot do is said.
$ printf '0\n' | dstream --time '$1:s' window 10s fill zero
dstream: fill: it goes directly behind the aggregate of a window: window 1m count-by k fill zero
    dstream --time '$1:s' window 10s fill zero
                                     ^^^^
? 2
$ printf '0\n400000000\n' | dstream --time '$1:s' window 1s count fill zero
1970-01-01T00:00:00Z	1
dstream: fill: the windows missing before 1982-09-04T15:06:40Z ask for more than 10000000 rows; is that time right? --since and --until leave times out, and of live input --max-ahead waits with those that are far ahead
? 65

# Rows of windows that wait for late records are filled when they come.
$ printf '1\n7\n5\n' | dstream --time '$1:s' --watermark 0s --allowed-lateness 3s window 2s count fill zero
1970-01-01T00:00:00Z	1
1970-01-01T00:00:02Z	0
1970-01-01T00:00:04Z	1
1970-01-01T00:00:06Z	1
$ printf '1\n7\n5\n' | dstream --time '$1:s' --watermark 3s window 2s count fill zero
1970-01-01T00:00:00Z	1
1970-01-01T00:00:02Z	0
1970-01-01T00:00:04Z	1
1970-01-01T00:00:06Z	1
$ printf '1 a\n9 a\n3 b\n5 b\n' | dstream --time '$1:s' --watermark 0s --late update window 2s count-by '$2' fill last
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:02Z	a	1
1970-01-01T00:00:04Z	a	1
1970-01-01T00:00:06Z	a	1
1970-01-01T00:00:08Z	a	1
dstream: 2 of 4 records came too late for their windows and were dropped; --watermark D waits longer

# By its type text is no number, and what is a list stays one.
$ printf '0 2\n20 8\n' > g; dstream --time '$1:s' window 10s reduce 'j=join:$2,h=hist:$2:2,f=first:$2' fill zero -o json g
{"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:00:10Z","j":"2","h":[[2,1]],"f":2}
{"window_start":"1970-01-01T00:00:10Z","window_end":"1970-01-01T00:00:20Z","j":null,"h":[],"f":0}
{"window_start":"1970-01-01T00:00:20Z","window_end":"1970-01-01T00:00:30Z","j":"8","h":[[8,1]],"f":8}
$ dstream --time '$1:s' window 10s reduce 'j=join:$2,h=hist:$2:2,f=first:$2' fill linear -o json g
{"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:00:10Z","j":"2","h":[[2,1]],"f":2}
{"window_start":"1970-01-01T00:00:10Z","window_end":"1970-01-01T00:00:20Z","j":null,"h":null,"f":5}
{"window_start":"1970-01-01T00:00:20Z","window_end":"1970-01-01T00:00:30Z","j":"8","h":[[8,1]],"f":8}
