# Columns of the first record are both streams', where their names are known by it alone.
$ printf '{"k":1,"a":1}\n' > l.json; printf '{"k":2,"ri":1}\n{"k":3,"a":4}\n' > r.json; dstream -i json union r.json -o csv l.json
k,a,ri
1,1,
2,,1
3,4,
$ dstream -i json union r.json rename k=key -o csv l.json
key,a,ri
1,1,
2,,1
3,4,
$ printf 'k=1 a=1\n' > l; printf 'k=2 ri=1\n' > r; dstream -i logfmt union r l
1	1	
2		1

# What no stream has is told, and no more.
$ printf 'k=1 a=1\n' > l; printf 'k=2 ri=1\n' > r; dstream -i logfmt union r select k,x,ri < l
1		
2		1
dstream: field 'x' never occurred in 1 record of standard input

# A column of a header is there.
$ printf 'k,b\n1,2\n' > f.csv; printf '{"k":1}\n' > i.json; dstream -i json union f.csv -o csv i.json
k,b
1,
1,2

# A field of the other stream that the chain asks for is a column all the same, under the name that it has.
$ printf '{"a":1,"c":3}\n' > u.json; printf '{"a":2}\n' > m.json; dstream -i json union u.json filter 'has(c)' -o csv m.json
a,c
1,3
$ dstream -i json union u.json filter 'c>0' rename c=d -o csv m.json
a,d
1,3
$ dstream -i json union u.json rename a=c,c=a -o csv m.json
c,a
2,
1,3
$ dstream -i json union u.json filter 'c>0' drop c -o csv m.json
a
1

# Records that are written anew still end where the last one stands that is needed.
$ printf 'a=1\na=2\na=3\n' > l; : > e.json; dstream -i logfmt -o json union e.json head 3 l
{"a":1}
{"a":2}
{"a":3}
