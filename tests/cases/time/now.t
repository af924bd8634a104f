# INTERFACE 5.4, 8.2: `now()` is when a record arrived: by the clock that the data tell, and in a batch the batch's time,
# so that a run replays.
$ printf '1 a\n2 b\n5 c\n' | dstream --clock '$1:s' map 'n=now()' select '$2,n'
a	1970-01-01T00:00:01Z
b	1970-01-01T00:00:02Z
c	1970-01-01T00:00:05Z
$ printf '1 a\n2 b\n5 c\n11 d\n' | dstream --clock '$1:s' --batch 5s map 'n=now()' select '$2,n'
a	1970-01-01T00:00:05Z
b	1970-01-01T00:00:05Z
c	1970-01-01T00:00:10Z
d	1970-01-01T00:00:15Z
$ printf 'a\nb\nc\n' | dstream --batch-lines 2 map 'n=now()' select '$1,n'
a	1970-01-01T00:00:01Z
b	1970-01-01T00:00:01Z
c	1970-01-01T00:00:02Z
$ printf '1 a\n2 b\n6 a\n' | dstream --clock '$1:s' --batch 5s count-by '$2' map 'age=now()-time("1970-01-01")'
a	1	5s
b	1	5s
a	1	10s
