# EVENT-TIME, 1 ("a virtual clock"): what goes by the clock goes by the one that the data tell. The first record shows 1 s, so
# totals come at 5, before the record that shows 7; at 10, before that of 12; once for 15 to 30, before that of 31; the
# clock does not go back for 29.
$ printf '1 a 1\n3 b 2\n7 a 3\n12 b 4\n31 a 5\n29 c 6\n36 c 7\n' | dstream --clock '$1:s' --every 5s update-state-by '$2' 'sum:$3'
a	1
b	2
a	4
b	6
a	9
c	6
c	13
$ printf '1 a 1\n3 b 2\n7 a 3\n12 b 4\n31 a 5\n29 c 6\n36 c 7\n' | dstream --clock '$1:s' --every 5s --output-mode complete update-state-by '$2' 'sum:$3'
a	1
b	2
a	4
b	2
a	4
b	6
a	9
b	6
c	6
a	9
b	6
c	13
# Variables, and keys that are forgotten by that clock: a at 17 and b at 22, both before the record of 31, which shows that
# clock (EVENT-TIME 2.2: by arrival the watermark is the clock).
$ printf '1 a 1\n3 b 2\n7 a 3\n12 b 4\n31 d 5\n36 c 7\n' | dstream --clock '$1:s' --every 5s --output-mode complete map-with-state-by '$2' 's=(s ?? 0)+$3' --ttl 10s
a	1
b	2
a	4
b	2
a	4
b	6
d	5
c	7
d	5
# Beside event time, and over a filter: the clock is that of the records that are left.
$ printf '1 a 1\n3 b 2\n7 x 3\n12 b 4\n31 a 5\n' | dstream --time '$1:s' --clock '$1:s' --every 5s filter '$2!="x"' update-state-by '$2' 'sum:$3'
a	1
b	2
b	6
a	6
# EVENT-TIME 2.7: without event time what is forgotten goes by arrival, so by that clock.
$ printf '1 a\n3 b\n7 a\n12 b\n31 a\n' | dstream --clock '$1:s' distinct-by '$2' --ttl 10s
1 a
3 b
31 a
$ printf '1 a\n3 b\n12 b\n31 a\n' | dstream --clock '$1:s' update-state-by '$2' count --ttl 5s --on-timeout emit
a	1
b	1
b	1
a	1
