# EVENT-TIME 2.11: exact to 4,096 values of a group, beyond that the sketch of all of them.

# oracle: seq 1 4096 | awk '{v[NR] = $1} END {print v[2048] "\t" v[4056] "\t" NR}'
$ seq 1 4096 | dstream reduce 'p50:$1,p99:$1,approx_distinct:$1'
2048	4056	4096

# One more, and it is within 1 % of 2049 and 4057.
$ seq 1 4097 | dstream reduce 'p50:$1,p99:$1,approx_distinct:$1'
2068.3	4055.4	4097

# oracle: seq 1 4097 | awk '{v[NR] = $1} END {print v[2049] "\t" v[4057] "\t" NR}'
$ seq 1 4097 | dstream reduce 'p50:$1,p99:$1,approx_distinct:$1' --exact
2049	4057	4097

# 5000, 9900 and 10000 exactly; the ends are kept.
$ seq 1 10000 | dstream reduce 'p0:$1,median:$1,p99:$1,p100:$1,distinct:$1,approx_distinct:$1'
1	5042.5	9887.3	10000	10000	10109

# Keys switch each for itself: a has 5000 values, b and c have 2500.
$ seq 1 10000 | dstream map 'k=$1%4==0?"b":$1%4==1?"c":"a"' reduce-by k 'n=count,p50:$1,approx_distinct:$1'
a	5000	5042.5	5002
b	2500	5000	2500
c	2500	4997	2500

# However many values: where all near it are equal, the answer is exact.
$ seq 1 10000 | dstream map 's=200+$1%4' reduce 'p50:s,p99:s,approx_distinct:s'
200	203	4
$ seq 1 10000 | dstream map 's=$1%50' reduce 'p10:s,p50:s,p99:s'
4	24	49

# Negative numbers, zero and fractions; exactly -4999, -2500, 0 and -0.01, 0, 0.98, 0.99.
$ seq 1 10000 | dstream map 'x=$1-5000' reduce 'p0:x,p25:x,p50:x'
-4999	-2521.3	0
$ seq 1 10000 | dstream map 'x=($1%101-1)/100' reduce 'p0:x,p1:x,p99:x,p100:x'
-0.01	0	0.97068	0.99

# What does not convert is no value of a percentile, and one more text to count.
$ seq 1 5000 | sed 's/7$/x/' | dstream reduce 'count,p50:$1,approx_distinct:$1'
5000	2521.3	5014
dstream: 500 values of $1 could not be converted and count as null

# Sliding windows merge panes of 1,000 values each.
$ seq 0 9999 | awk '{print $1 / 100, $1 % 500}' | dstream --time '$1' window 50s --slide 10s reduce 'p50:$2,approx_distinct:$1' -o json
{"window_start":"1969-12-31T23:59:20Z","window_end":"1970-01-01T00:00:10Z","p50_2":249,"approx_distinct_1":1000}
{"window_start":"1969-12-31T23:59:30Z","window_end":"1970-01-01T00:00:20Z","p50_2":249,"approx_distinct_1":2000}
{"window_start":"1969-12-31T23:59:40Z","window_end":"1970-01-01T00:00:30Z","p50_2":249,"approx_distinct_1":3000}
{"window_start":"1969-12-31T23:59:50Z","window_end":"1970-01-01T00:00:40Z","p50_2":249,"approx_distinct_1":4000}
{"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:00:50Z","p50_2":248.49,"approx_distinct_1":4979}
{"window_start":"1970-01-01T00:00:10Z","window_end":"1970-01-01T00:01:00Z","p50_2":248.49,"approx_distinct_1":5011}
{"window_start":"1970-01-01T00:00:20Z","window_end":"1970-01-01T00:01:10Z","p50_2":248.49,"approx_distinct_1":5011}
{"window_start":"1970-01-01T00:00:30Z","window_end":"1970-01-01T00:01:20Z","p50_2":248.49,"approx_distinct_1":5029}
{"window_start":"1970-01-01T00:00:40Z","window_end":"1970-01-01T00:01:30Z","p50_2":248.49,"approx_distinct_1":5004}
{"window_start":"1970-01-01T00:00:50Z","window_end":"1970-01-01T00:01:40Z","p50_2":248.49,"approx_distinct_1":4983}
{"window_start":"1970-01-01T00:01:00Z","window_end":"1970-01-01T00:01:50Z","p50_2":249,"approx_distinct_1":4000}
{"window_start":"1970-01-01T00:01:10Z","window_end":"1970-01-01T00:02:00Z","p50_2":249,"approx_distinct_1":3000}
{"window_start":"1970-01-01T00:01:20Z","window_end":"1970-01-01T00:02:10Z","p50_2":249,"approx_distinct_1":2000}
{"window_start":"1970-01-01T00:01:30Z","window_end":"1970-01-01T00:02:20Z","p50_2":249,"approx_distinct_1":1000}

$ seq 1 9 | dstream reduce 'p50:$1,distinct:$1' --explain | grep -e then -e result
then       reduce p50:$1,distinct:$1: p50_1 (exact to 4,096 values, then within 1 %), distinct_1; one row of state; prints at the end of the input
result     within the bounds above (--exact: without them); the same for any number of threads
$ seq 1 9 | dstream reduce 'p50:$1,approx_distinct:$1' --explain | grep -e then -e result
then       reduce p50:$1,approx_distinct:$1: p50_1 (exact to 4,096 values, then within 1 %), approx_distinct_1 (exact to 4,096 different values, then a standard error of 0.81 %); one row of state; prints at the end of the input
result     within the bounds above (--exact: without them); the same for any number of threads
$ seq 1 9 | dstream reduce 'p50:$1,approx_distinct:$1' --exact --explain | grep -e then -e result
then       reduce p50:$1,approx_distinct:$1: p50_1, approx_distinct_1; one row of state; prints at the end of the input
result     exact; the same for any number of threads

$ seq 1 10000 | dstream map 'k=$1%2' reduce-by k 'p50:$1,p99:$1' --stats 2>&1 | grep -o '[0-9]* values from sketches'
4 values from sketches
# Windows of one start that end at different times are several, behind --heavy and behind a pattern too.
$ printf '1 a\n2 b\n5 a\n14 b\n40 c\n' > in; dstream --time '$1:s' --watermark 0s window 12s --grow 4s count-by '$2' --heavy 2 reduce n=count,s=sum:count in
1970-01-01T00:00:00Z	1970-01-01T00:00:04Z	2	2
1970-01-01T00:00:00Z	1970-01-01T00:00:08Z	2	3
1970-01-01T00:00:00Z	1970-01-01T00:00:12Z	2	3
1970-01-01T00:00:12Z	1970-01-01T00:00:16Z	1	1
1970-01-01T00:00:12Z	1970-01-01T00:00:20Z	1	1
1970-01-01T00:00:12Z	1970-01-01T00:00:24Z	1	1
1970-01-01T00:00:36Z	1970-01-01T00:00:44Z	1	1
1970-01-01T00:00:36Z	1970-01-01T00:00:48Z	1	1
$ dstream --time '$1:s' --watermark 0s session-window 4s count-by '$2' --heavy 2 in
1970-01-01T00:00:01Z	1970-01-01T00:00:09Z	a	2	0
1970-01-01T00:00:01Z	1970-01-01T00:00:09Z	b	1	0
1970-01-01T00:00:14Z	1970-01-01T00:00:18Z	b	1	0
1970-01-01T00:00:40Z	1970-01-01T00:00:44Z	c	1	0
$ dstream --time '$1:s' --watermark 0s window 12s --grow 4s key-by '$2' match 'A{2}' --where A=1==1 --within 8s count-by '$2' in
1970-01-01T00:00:00Z	1970-01-01T00:00:08Z	a	1
1970-01-01T00:00:00Z	1970-01-01T00:00:12Z	a	1
# Windows by count have no bounds.
$ printf 'a\nb\na\nc\nc\n' > in; dstream count-window 3 count-by '$1' --heavy 2 -o json in
{"$1":"a","count":2,"error":0}
{"$1":"b","count":1,"error":0}
{"$1":"c","count":2,"error":0}
$ dstream count-window 3 count-by '$1' --heavy 2 reduce n=count,s=sum:count in
3	5
# What is made of a ranking, or of a command's lines, for each of them has none either.
$ printf 'a\nb\na\nc\nc\n' | dstream count-window 3 sort-by '$1' reduce n=count,l=last:'$1'
3	b
2	c
$ printf 'a\nb\na\nc\nc\n' | dstream -H count-window 3 transform cat reduce n=count
n
3
2
