# Grouping: rows in the order of their keys, exact sums, nulls skipped.

# oracle: printf '0.1\t0.2\t0.3\n' | cut -f3
$ printf '0.1 0.2\n' | dstream map 's=$1+$2' select s
0.3

# oracle: seq 1 1000 | awk '{n[$1 % 7]++; s[$1 % 7] += $1} END {for (k = 0; k < 7; k++) print k "\t" n[k] "\t" s[k]}'
$ seq 1 1000 | dstream map 'k=$1%7' reduce-by k 'n=count,s=sum:$1'
0	142	71071
1	143	71214
2	143	71357
3	143	71500
4	143	71643
5	143	71786
6	143	71929

# oracle: seq 1 999 | awk '{v[NR] = $1} END {print v[500]}'
$ seq 1 999 | dstream reduce 'p50:$1'
500

# null, then numbers by value, then text.
$ printf 'k\n10\n9\nb\n\n1e1\n0x1\n-5\na\n' | dstream -i csv count-by k -o json
{"k":-5,"count":1}
{"k":9,"count":1}
{"k":10,"count":1}
{"k":1e1,"count":1}
{"k":"0x1","count":1}
{"k":"a","count":1}
{"k":"b","count":1}

$ printf '{"k":1}\n{"k":"1"}\n{"k":null}\n{}\n{"k":true}\n{"k":1.0}\n' | dstream -i json count-by k -o json
{"k":null,"count":2}
{"k":1,"count":1}
{"k":"1","count":1}
{"k":1.0,"count":1}
{"k":true,"count":1}

$ printf 'v\n1\n\nx\n3\n' | dstream -i csv --on-bad skip reduce 'count,count:v,sum:v,avg:v,min:v,max:v'
3	3	4	2	1	x
dstream: 1 value of v could not be converted and counts as null

$ printf '99999999999999999999\n1\n' | dstream reduce 'sum:$1'
100000000000000000000

$ printf '1e300\n-1e300\n1\n' | dstream reduce 'sum:$1'
1

$ : | dstream reduce 'count,sum:$1,avg:$1,min:$1,collect:$1,distinct:$1' -o json
{"count":0,"sum_1":0,"avg_1":null,"min_1":null,"collect_1":[],"distinct_1":0}

$ : | dstream count-by-key

$ printf 'a 1\nb 2\na 3\n' | dstream count-by '$1' count
2

$ printf 'a 1\nb 2\na 3\n' | dstream reduce-by '$1' 'n=count,l=collect:$2,j=join:$2:-,f=first:$2,l2=last:$2' filter 'n>1' -o json
{"$1":"a","n":2,"l":[1,3],"j":"1-3","f":1,"l2":3}

$ printf 'a 1\nb 2\na 3\nc 3\n' | dstream count-by '$1' top 2
a	2
b	1

$ printf 'a 1\nb 2\na 3\nc 3\n' | dstream count-by '$1' top 1 --ties
a	2

$ printf 'a 1\nb 2\na 3\nc 3\n' | dstream top 2 --by '$2' --rank -o json
{"line":"a 3","rank":1}
{"line":"c 3","rank":2}

$ printf 'a 1\nb 2\na 3\nc 3\n' | dstream top 1 --by '$2' --per '$1'
a 3
b 2
c 3

# INTERFACE 6.2: of whole records ties go by earlier event time, without a window too, then by place.
$ printf 't,k,v\n2,a,1\n1,b,1\n1,c,1\n' > l.csv; dstream -i csv --time t:s top 2 --by v l.csv
1	b	1
1	c	1

$ printf 'a 1\nb 2\na 3\n' | dstream group-by '$1' -o json
{"$1":"a","$0":["a 1","a 3"]}
{"$1":"b","$0":["b 2"]}

$ printf 'k,v\na,1\nb,\na,3\n' | dstream -i csv group-by k -o json
{"k":"a","v":[1,3]}
{"k":"b","v":[""]}

# oracle: sort $DATA/zookeeper.log | uniq | wc -l
$ dstream count-by-value count $DATA/zookeeper.log
499

# Lists of json are of the first record's fields: what others have is told, and select names them.
$ printf '{"k":1,"a":1}\n{"k":1,"a":2,"v":5}\n' > in; dstream -i json group-by k -o json in
{"k":1,"a":[1,2]}
dstream: 1 row has fields that are no columns, as the first record lacks them: v; name them with select in front of group-by
$ dstream -i json select k,a,v group-by k -o json in
{"k":1,"a":[1,2],"v":[null,5]}
$ dstream -i json group-by k select a,k in
[1,2]	1
$ dstream -i json key-by k group-by-key in
1	[1,2]
dstream: 1 row has fields that are no columns, as the first record lacks them: v; name them with select in front of group-by-key
$ dstream -i json group-by v -o json in
{"v":null,"k":[1],"a":[1]}
{"v":5,"k":[1],"a":[2]}
$ printf 'k=1 a=1\nk=1 v=5 w=1\n' | dstream -i logfmt group-by k -o json
{"k":1,"a":[1,null]}
dstream: 1 row has fields that are no columns, as the first record lacks them: v, w; name them with select in front of group-by
$ printf '{"t":1,"k":1,"a":1}\n{"t":2,"k":1,"v":5}\n' | dstream -i json --time t:s key-by k group-by-key-and-window 2m --slide 1m -o json
{"window_start":"1969-12-31T23:59:00Z","window_end":"1970-01-01T00:01:00Z","k":1,"t":[1,2],"a":[1,null]}
{"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:02:00Z","k":1,"t":[1,2],"a":[1,null]}
dstream: 1 row has fields that are no columns, as the first record lacks them: v; name them with select in front of group-by-key-and-window

# A computed list is a key as one of JSON is.
$ printf '1 2\n1 2\n3\n' | dstream count-by 'words($0)'
["1","2"]	2
["3"]	1
$ printf '1 2\n1 2\n3\n' | dstream map 'c=words($0)' key-by c update-state-by-key count
["1","2"]	2
["3"]	1
$ printf '{"a":1,"k":"x"}\n{"a":1,"k":"y"}\n' | dstream -i json reduce-by k c=collect:a count-by c
[1]	2
$ printf '{"c":[1,2],"v":7}\n' > cc.json; echo x > x; dstream map 'c=[1,2]' join cc.json --on c x
x	[1,2]	7

# Lists of fields that only records would tell: of nothing there may be any; a first record without one is told.
$ dstream -i json group-by k map 'n=len(v)' /dev/null -o csv
$ dstream -i json group-by k /dev/null -o csv
$ : > l.ndjson; printf '{"k":1,"v":2}\n' > r.ndjson; dstream -i json cogroup r.ndjson --on k map 'n=len(v),m=len(w)' l.ndjson -o json
{"k":1,"v":[2],"n":1,"m":null}
$ printf '{"k":1,"v":2}\n' > l.ndjson; : > r.ndjson; dstream -i json cogroup r.ndjson --on k map 'n=len(v),m=len(w)' l.ndjson -o json
{"k":1,"v":[2],"n":1,"m":null}
$ printf '{"k":1,"u":2}\n{"k":1,"v":2}\n' > in; dstream -i json group-by k map 'n=len(v)' in
dstream: map: no field 'v'; a text is in double quotes: "v"
    n=len(v)
          ^ the record has: k, u; there are lists of the first record's fields: name others with select in front
? 2
$ printf '{"k":1,"u":2}\n{"k":1,"v":2}\n' > in; dstream -i json select k,v group-by k map 'n=len(v)' in
1	[null,2]	2
