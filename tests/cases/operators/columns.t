# Operators on columns.

# All expressions see the record as it came in.
$ printf 'a,b\n1,2\n' | dstream -i csv map a=b,b=a
2	1

$ printf 'a,b\n1,2\n' | dstream -i csv map c=a+b map d=c*2 -o json
{"a":1,"b":2,"c":3,"d":6}

$ printf 'a,b,c\n1,2,3\n' | dstream -i csv drop b -o csv
a,c
1,3

$ printf 'a,b,c\n1,2,3\n' | dstream -i csv rename a=x,c=y -o csv
x,b,y
1,2,3

$ printf 'a,b,c\n1,2,3\n' | dstream -i csv select c,a -o csv
c,a
3,1

$ printf '{"a":{"b":[1,{"c":"x"}]}}\n' | dstream -i json select 'a.b[1].c,a.b[0]' -o json
{"a.b[1].c":"x","a.b[0]":1}

$ printf '{"user agent":"x","a.b":1}\n' | dstream -i json select '`user agent`,`a.b`' -o json
{"user agent":"x","a.b":1}

$ printf '1 a,b,c\n2 \n3 d\n' | dstream flat-map 'p=split($2,/,/)' select '$1,p'
1	a
1	b
1	c
3	d

$ printf '{"a":[1,null,"x",{"k":2}]}\n{"a":[]}\n{"a":null}\n' | dstream -i json flat-map v=a select v -o json
{"v":1}
{"v":null}
{"v":"x"}
{"v":{"k":2}}

$ printf 'x=1 y\nz\nx=22\n' | dstream parse 'x=(?<x>\d+)( (?<rest>.*))?' select x,rest -o json
{"x":1,"rest":"y"}
{"x":22,"rest":null}

$ printf 'x=1\nz\n' | dstream parse 'x=(?<x>\d+)' --keep-unmatched select x -o json
{"x":1}
{"x":null}

$ printf '{"msg":"a 1"}\n{"msg":"b \\"q\\""}\n' | dstream -i json parse '^(?<k>\w) (?<v>.*)' select k,v -o json
{"k":"a","v":1}
{"k":"b","v":"\"q\""}

# A column that was put over the record's own is renamed with it.
$ printf '{"id":1,"n":5}\n' | dstream -i json map n=n+1 rename n=k -o json
{"id":1,"k":6}
$ printf '{"id":1,"n":5}\n' | dstream -i json map n=n+1 rename n=id,id=n -o json
{"n":1,"id":6}

# All renamings of one `rename` happen at once, in records that are written whole too.
$ printf '{"a":1,"b":2,"c":3}\n' > r.json
$ dstream -i json rename a=b,b=a -o json r.json
{"b":1,"a":2,"c":3}
$ dstream -i json rename a=b,b=c -o json r.json
{"b":1,"c":2}
$ dstream -i json rename a=b rename b=a -o json r.json
{"a":1,"c":3}
$ dstream -i json rename a=b,b=a map x=a -o json r.json
{"b":1,"a":2,"c":3,"x":2}
$ dstream -i json rename a=x,b=x -o json r.json
dstream: rename: two fields cannot both be called 'x'
    a=x,b=x
        ^^^
? 2
$ dstream -i json rename a=x,a=y -o json r.json
dstream: rename: 'a' is renamed twice
    a=x,a=y
        ^^^
? 2

# Rows without columns are none, but of JSON.
$ printf 'a,b\n1,2\n3,4\n' > in; dstream -i csv -o csv drop a,b in
dstream: -o: no column is left to be written; drop fewer
    dstream -i csv -o csv drop a,b in
                   ^^
? 2
$ dstream -i csv drop a,b tee t in
dstream: tee: no column is left to be written; drop fewer
    dstream -i csv drop a,b tee t in
                            ^^^
? 2
$ dstream -i csv -o json drop a,b in
{}
{}
$ dstream -i csv -o csv drop a,b map z=1 in
z
1
1
