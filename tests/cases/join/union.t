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

# What this stream holds back in front comes first all the same.
$ printf '1 a\n2 b\n3 a\n' > l; printf '1 x\n2 y\n' > r; dstream count-by '$2' union r l
a	2	
b	1	
x		1 x
y		2 y
$ dstream --time '$1:s' sort-by @time union r l
1 a
2 b
3 a
1 x
2 y
$ dstream scan 'z=lead:$1' union r l
1 a	2
2 b	3
3 a	
1 x	
2 y	
$ dstream --time '$1:s' --watermark 0s asof-join r --on '$2' --left union r scan n=cumcount l
1 a		1
2 b		2
3 a		3
1 x		4
2 y		5
$ dstream --time '$1:s' --watermark 0s asof-join r --on '$2' --left union r window 2s count l
1970-01-01T00:00:00Z	2
1970-01-01T00:00:02Z	3
$ dstream --clock '$1:s' scan 'z=lead:$1' union r window 2s count l
1970-01-01T00:00:00Z	2
1970-01-01T00:00:02Z	3
$ dstream --explain scan 'z=lead:$1' union r l | grep union
then       union r: passes this stream's records at once, and keeps the other's until the end, behind what is held in front; then freed

# Which key is forgotten does not follow from how far the streams were read.
$ printf '1 a\n2 d\n2 d\n1 c\n6 c\n6 b\n' > l; printf '3 c\n4 a\n5 c\n11 c\n' > r; dstream --batch-lines 3 --max-keys 1 --on-full evict-oldest union r update-state-by '$2' n=count l
c	1
c	1
dstream: 6 keys forgotten (--max-keys)
$ dstream --time '$1:s' --watermark 0s --max-keys 1 --on-full evict-oldest window 4s union r update-state-by '$2' n=count l
1970-01-01T00:00:00Z	c	2
1970-01-01T00:00:04Z	b	1
1970-01-01T00:00:08Z	c	1
dstream: 6 keys forgotten (--max-keys)
