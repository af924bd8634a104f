# Tables in memory: `lookup`.

$ printf 'id,name\n1,ann\n2,bob\n2,bea\n' > users.csv; printf 'id,n\n2,7\n3,8\n1,9\n' | dstream -i csv lookup users.csv --on id
2	7	bob
2	7	bea
1	9	ann

# Each kind.
$ printf 'id,name\n1,ann\n' > users.csv; printf 'id,n\n3,8\n1,9\n' | dstream -i csv lookup users.csv --on id --left -o json
{"id":3,"n":8,"name":null}
{"id":1,"n":9,"name":"ann"}

$ printf 'id,name\n1,ann\n' > users.csv; printf 'id,n\n3,8\n1,9\n' | dstream -i csv lookup users.csv --on id --anti -o csv
id,n
3,8

$ printf 'id\n' > users.csv; printf 'id\n3\n' | dstream -i csv lookup users.csv --on id --anti --left
dstream: lookup: give --left or --anti, not both
    dstream -i csv lookup users.csv --on id --anti --left
                   ^^^^^^
? 2

# INTERFACE 5.3: null equals nothing; an empty cell is a key like another.
$ printf '{"k":null,"v":1}\n{"v":2}\n{"k":3,"v":3}\n' > t.ndjson; printf '{"k":null}\n{}\n{"k":3}\n' | dstream -i json lookup t.ndjson --on k --left -o json
{"k":null}
{}
{"k":3,"v":3}

$ printf 'k,v\n,1\n' > t.csv; printf 'k,x\n,2\n' | dstream -i csv lookup t.csv --on k
	2	1

# Several keys; parts that are null equal nothing.
$ printf '{"a":1,"b":2,"v":"x"}\n{"a":1,"v":"y"}\n' > t.ndjson; printf '{"a":1,"b":2}\n{"a":1}\n' | dstream -i json lookup t.ndjson --on a,b -o json
{"a":1,"b":2,"v":"x"}

# INTERFACE 6.2: PREFIX.f is always the right's, a plain f the left's, or the right's where the left has none.
$ printf 'id,n,name\n1,5,ann\n' > u.csv; printf 'id,n\n1,9\n' | dstream -i csv lookup u.csv --on id -o csv
id,n,u.n,name
1,9,5,ann

$ printf 'id,n,name\n1,5,ann\n' > u.csv; printf 'id,n\n1,9\n' | dstream -i csv lookup u.csv --on id --as r -o csv
id,n,r.n,r.name
1,9,5,ann

$ printf 'id,n,name\n1,5,ann\n' > u.csv; printf 'id,n\n1,9\n' | dstream -i csv lookup u.csv --on id map 'a=n,b=u.n,c=name,d=u.name,e=u.id' select a,b,c,d,e,u.n -o csv
a,b,c,d,e,u.n
9,5,ann,ann,1,5

# Records of json have their names row by row.
$ printf '{"k":1,"v":5,"c":"de"}\n{"k":2,"c":"fr"}\n' > r.ndjson; printf '{"k":1,"v":{"a":1}}\n{"k":2,"c":null}\n' > l.ndjson; dstream -i json lookup r.ndjson --on k map 'x=c,y=r.c' l.ndjson -o json
{"k":1,"v":{"a":1},"r.v":5,"c":"de","x":"de","y":"de"}
{"k":2,"c":null,"r.c":"fr","x":"fr","y":"fr"}

$ printf '{"k":1,"v":5,"c":"de"}\n' > r.ndjson; printf '{"k":1,"v":7}\n' | dstream -i json lookup r.ndjson --on k --as g filter 'g.v<v and c=="de"' drop g.v rename g.c=land -o json
{"k":1,"v":7,"land":"de"}

# Tables of another format; text is compared as text.
$ printf '{"ip":"10.0.0.1","geo":{"c":"de"}}\n' > geo.ndjson; printf 'ip,n\n10.0.0.1,1\n' | dstream -i csv lookup geo.ndjson --on ip count-by geo.geo.c
de	1

$ printf 'k=7 name="a b"\n' > names; printf '{"k":7}\n' | dstream -i json lookup names --right-format logfmt --on k -o json
{"k":7,"name":"a b"}

$ printf 'id,name\n7,ann\n' > u.csv; printf '3 4\n' | dstream map 's=$1+$2' lookup u.csv --on s=id select s,name
7	ann

# Behind an aggregate.
$ printf 'id,name\n1,ann\n2,bob\n' > u.csv; printf 'id\n2\n1\n2\n' | dstream -i csv count-by id lookup u.csv --on id -o csv
id,count,name
1,1,ann
2,2,bob

# A table whose header is not what was asked for.
$ printf 'id\n1\n' > u.csv; printf 'id\n1\n' | dstream -i csv lookup u.csv --on id=k
dstream: lookup: no field 'k' in u.csv
    id=k
       ^ the record has: id
? 2

$ printf 'id\n1\n' | dstream -i csv lookup nothing.csv --on id
dstream: nothing.csv: No such file or directory
? 66

$ printf 'id\n1\n' | dstream -i csv lookup - --on id
dstream: lookup: standard input is the chain's own source
    dstream -i csv lookup - --on id
                   ^^^^^^
? 2

$ printf 'id\n1\n' > u.csv; printf 'id\n1\n' | dstream -i csv lookup u.csv
dstream: lookup: what must be equal? name it with --on A or --on A=B
    dstream -i csv lookup u.csv
                   ^^^^^^
? 2

# EVENT-TIME 2.8: a table is read again when its file changes.
# once
$ printf '1 ann\n' > names; printf '1 bob\n' > new; { echo 1; until grep -qs ann out; do :; done; mv new names; echo 1; } | dstream lookup names --on '$1' --as n --reload 1us select n.line > out; cat out
1 ann
1 bob

# What it has become and cannot be read is told once, and the table of before is used on.
# once
$ printf 'k,name\na,ann\n' > names.csv; printf 'k,nme\na,bob\n' > new.csv; { echo k; echo a; until grep -qs ann out; do :; done; mv new.csv names.csv; echo a; sleep 0.1; echo a; sleep 0.1; } | dstream -i csv lookup names.csv --on k --reload 1us > out; cat out
dstream: lookup: the table of before is used on, since the file cannot be read now: names.csv: no field 'name'; did you mean 'nme'?
    the header has: k, nme
dstream: 1 change of a table that could not be read
a	ann
a	ann
a	ann

# A table that is gone is told once, until it is there again.
# once
$ printf '1 ann\n' > names; printf '1 bob\n' > new; { echo 1; until grep -qs ann out; do :; done; mv names away; echo 1; sleep 0.1; echo 1; sleep 0.1; mv new names; echo 1; until grep -qs bob out; do :; done; rm names; echo 1; sleep 0.1; } | dstream lookup names --on '$1' --as n --reload 1us select n.line > out; cat out
dstream: lookup: the table of before is used on, since the file cannot be read now: names: No such file or directory
dstream: lookup: the table of before is used on, since the file cannot be read now: names: No such file or directory
dstream: 2 changes of a table that could not be read
1 ann
1 ann
1 ann
1 bob
1 bob

# A bad record of a table is told with its place.
$ printf '{"k":1,"n":2}\n\nxx\n{"k":2,"n":' > t.ndjson; echo '{"k":1}' | dstream -i json lookup t.ndjson --on k -o json
{"k":1,"n":2}
dstream: 2 bad records in a table (first: t.ndjson:3 col 1, not JSON)
$ printf 'k,n\n1,2\n3\n' > t.csv; echo '{"k":1}' | dstream -i json lookup t.csv --on k -o json
{"k":1,"n":2}
dstream: 1 bad record in a table (first: t.csv:3 col 2, fewer cells than the header)
$ printf 'k,n\n1,2\n3\n' > s.csv; printf 'k\n1\n' | dstream -i csv map-with-state-by k 'n=(n ?? 0)+1' --initial s.csv
dstream: s.csv:3 col 2: a bad record, fewer cells than the header
    dstream -i csv map-with-state-by k 'n=(n ?? 0)+1' --initial s.csv
                                                                ^^^^^
? 2

# Bad records of a table are bad records by the options.
$ printf '{"k":1,"n":2}\nxx\n' > t.ndjson; echo '{"k":1}' > in; dstream -i json --on-bad abort lookup t.ndjson --on k in
dstream: lookup t.ndjson --on k: t.ndjson:2 col 1: a bad record, not JSON (--on-bad abort)
? 65
$ dstream -i json --max-bad 0 lookup t.ndjson --on k in
dstream: lookup t.ndjson --on k: more than 0 bad records (--max-bad) (first: t.ndjson:2 col 1, not JSON)
? 65
$ dstream -i json --on-bad skip lookup t.ndjson --on k in -o json
{"k":1,"n":2}
$ dstream -i json --bad-file bad lookup t.ndjson --on k in -o json; cat bad
{"k":1,"n":2}
dstream: 1 bad record in a table (first: t.ndjson:2 col 1, not JSON)
not JSON	t.ndjson byte 14	xx
$ (cat in; echo yy; cat in) | dstream -i json --max-bad 1 lookup t.ndjson --on k -o json
{"k":1,"n":2}
dstream: more than 1 bad records (--max-bad)
dstream: 1 of 2 records is not JSON (first: standard input:2 col 1)
? 65
$ printf 'k,n\n1\n' > t.csv; dstream -i json lookup t.csv --on k in
dstream: lookup t.csv --on k: t.csv does not look like csv (first: t.csv:2 col 2, fewer cells than the header)
? 65

# Also those of a table that was read again; one that is of another format by then is not taken.
# once
$ printf '{"k":1,"n":"old"}\n' > t.ndjson; printf '{"k":1,"n":"new"}\nxx\n' > new; printf 'k,n\n1,2\n' > csv; : > none; { echo '{"k":1}'; until grep -qs old out; do :; done; mv new t.ndjson; echo '{"k":1}'; until grep -qs new out; do :; done; mv csv t.ndjson; echo '{"k":1}'; sleep 0.1; mv none t.ndjson; echo '{"k":1}'; } | dstream -i json --bad-file bad lookup t.ndjson --on k --reload 1us select n > out; cat out bad
dstream: lookup: t.ndjson was read again and has 1 bad record (t.ndjson:2 col 1, not JSON)
dstream: lookup: the table of before is used on, since the file cannot be read now: t.ndjson does not look like json (first: t.ndjson:1 col 1, not JSON)
dstream: lookup: t.ndjson was read again and has no record any more
dstream: 1 change of a table that could not be read
old
new
new
not JSON	t.ndjson byte 18	xx

# INTERFACE 6.2: what is dropped or renamed is the printed column, by the prefix or by its plain name.
$ printf 'id,n,name\n1,5,ann\n' > u.csv; printf 'id,n\n1,9\n' > e.csv; printf '{"id":1,"n":9}\n' > e.ndjson
$ dstream -i csv lookup u.csv --on id drop u.name e.csv -o csv
id,n,u.n
1,9,5
$ dstream -i csv lookup u.csv --on id drop u.n e.csv -o csv
id,n,name
1,9,ann
$ dstream -i csv lookup u.csv --on id drop n e.csv -o csv
id,u.n,name
1,5,ann
$ dstream -i csv lookup u.csv --on id rename u.name=k e.csv -o csv
id,n,u.n,k
1,9,5,ann
$ dstream -i csv lookup u.csv --on id rename u.id=k e.csv -o csv
k,n,u.n,name
1,9,5,ann
$ dstream -i csv lookup u.csv --on id --as u drop name e.csv -o csv
id,n,u.n
1,9,5
$ dstream -i csv lookup u.csv --on id --as u rename name=k e.csv -o csv
id,n,u.n,k
1,9,5,ann
$ dstream -i json lookup u.csv --on id drop u.name e.ndjson -o json
{"id":1,"n":9,"u.n":5}
$ dstream -i json lookup u.csv --on id rename u.name=k e.ndjson -o json
{"id":1,"n":9,"u.n":5,"k":"ann"}
$ dstream -i json lookup u.csv --on id drop u.zz e.ndjson -o json
dstream: drop: no field 'zz'
    zz
    ^ the record has: id, n, name
? 2

# It is not to be had by that name any more.
$ printf 'id,name\n1,ann\n' > u.csv; printf 'id\n1\n' > e.csv
$ dstream -i csv lookup u.csv --on id drop u.name map x=u.name e.csv
dstream: map: no field 'u.name'; it was dropped
    u.name
    ^^^^^^
? 2
$ dstream -i csv lookup u.csv --on id drop name map x=name e.csv
dstream: map: no field 'name'; a text is in double quotes: "name"
    x=name
      ^^^^ the record has: id, u.id, u.name
? 2
$ dstream -i csv lookup u.csv --on id rename u.name=k map x=u.name e.csv
dstream: map: no field 'u.name'; it is called 'k' now
    u.name
    ^^^^^^
? 2

# Of records of json, row by row: a plain field is the left's, or the right's where the left has none.
$ printf '{"id":1,"v":2,"w":3}\n' > r.ndjson; printf '{"id":1,"v":9}\n{"id":1}\n' > e.ndjson
$ dstream -i json lookup r.ndjson --on id drop r.v e.ndjson -o json
{"id":1,"v":9,"w":3}
{"id":1,"w":3}
$ dstream -i json lookup r.ndjson --on id rename r.v=k e.ndjson -o json
{"id":1,"v":9,"k":2,"w":3}
{"id":1,"k":2,"w":3}
$ dstream -i json lookup r.ndjson --on id rename r.v=k e.ndjson -o csv
id,v,k,w
1,9,2,3
1,,2,3
$ dstream -i json lookup r.ndjson --on id drop v e.ndjson -o json
{"id":1,"r.v":2,"w":3}
{"id":1,"w":3}
$ dstream -i json lookup r.ndjson --on id rename v=k e.ndjson -o json
{"id":1,"k":9,"r.v":2,"w":3}
{"id":1,"k":2,"w":3}
$ dstream -i json lookup r.ndjson --on id --as r drop v e.ndjson -o json
{"id":1,"r.v":2,"r.w":3}
{"id":1,"r.w":3}
$ dstream -i json lookup r.ndjson --on id --as r rename v=k e.ndjson -o json
{"id":1,"k":9,"r.v":2,"r.w":3}
{"id":1,"k":2,"r.w":3}
$ dstream -i json lookup r.ndjson --on id drop v map x=v e.ndjson -o json
dstream: map: no field 'v'; it was dropped
    v
    ^
? 2
$ dstream -i json lookup r.ndjson --on id drop r.v.x e.ndjson -o json
dstream: drop: 'r.v.x' is a part of a field; take what you need with select or map
    r.v.x
    ^^^^^
? 2
$ dstream -i json lookup r.ndjson --on id drop r.w rename w=x e.ndjson -o csv
id,v,r.v
1,9,2
1,,2
dstream: field 'w' never occurred in 2 records of e.ndjson
$ dstream -i json lookup r.ndjson --on id --as r map v=1 drop v e.ndjson -o json
{"id":1,"r.v":2,"r.w":3}
{"id":1,"r.v":2,"r.w":3}

# A field that neither the records nor the table have is told, where neither has a header.
$ printf '{"id":1,"w":3}\n' > r.ndjson; printf '{"id":1}\n{"id":2}\n' > e.ndjson
$ dstream -i json lookup r.ndjson --on id map x=zz,y=w e.ndjson -o json
{"id":1,"w":3,"x":null,"y":3}
dstream: field 'zz' never occurred in 2 records of e.ndjson
$ dstream -i json lookup r.ndjson --on id filter r.zz==1 map x=qq e.ndjson -o json
dstream: field 'qq' never occurred in 2 records of e.ndjson
dstream: field 'zz' never occurred in 1 record of r.ndjson

# `head` and --strict behind a table whose records are joined to those of the stream.
$ printf '{"k":1,"v":1}\n{"k":1,"v":2}\n' > t.json; printf '{"k":2}\n{"k":1}\n{"k":1,"x":"y"}\n{"k":3}\n' > s.json
$ dstream -i json lookup t.json --on k head 1 -o json --stats s.json 2>&1 | head -2
{"k":1,"v":1}
2 records in, 2 kept, 0 bad, 0 late; 1 out
$ dstream -i json lookup t.json --on k --left head 2 -o json s.json
{"k":2}
{"k":1,"v":1}
$ dstream -i json lookup t.json --on k -q s.json
$ dstream -i json --strict lookup t.json --on k --left map 'n=int(x)' --bad-file bad.tsv -o json s.json; cat bad.tsv
{"k":2,"n":null}
{"k":1,"v":1,"n":null}
{"k":1,"v":2,"n":null}
{"k":3,"n":null}
dstream: 1 of 4 records is bad: with a value that does not convert (--strict) (first: s.json:3 col 1)
with a value that does not convert (--strict)	s.json byte 16	{"k":1,"x":"y"}

# INTERFACE 6.2: a table has no time, nor the clock that the records tell.
$ printf 't,k\n1,a\n' > l.csv; printf 'k,n\na,A\n' > r.csv; dstream -i csv --clock t:s --batch 1s lookup r.csv --on k l.csv
1	a	A
# A table in a pipe is read once, also where windows by count are entered in front of it.
# once
$ printf 'k,x\na,1\nb,1\na,2\n' > l.csv; dstream -i csv count-window 2 lookup <(printf 'k,n\na,7\n') --on k reduce n=count,sum:n l.csv
1	7
1	7
