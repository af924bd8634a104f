# --merge-sorted: several sources as one, in order of event time (INTERFACE 8.1).

$ printf 't,k\n1,a\n4,a\n9,a\n' > a.csv; printf 'k,t\nb,1\nb,5\nb,6\n' > b.csv; printf 't,k\n3,c\n2,c\n7,c\n' > c.csv
$ dstream -i csv --time t:s --merge-sorted select t,k a.csv b.csv
1	a
1	b
4	a
5	b
6	b
9	a
$ dstream -i csv --time t:s --merge-sorted select t,k b.csv a.csv
1	a
1	b
4	a
5	b
6	b
9	a

# A record older than one before it in its source is late.
$ printf 't,k\n1,a\n4,a\n9,a\n' > a.csv; printf 'k,t\nb,1\nb,5\nb,6\n' > b.csv; printf 't,k\n3,c\n2,c\n7,c\n' > c.csv
$ dstream -i csv --time t:s --merge-sorted select t,k a.csv c.csv
1	a
3	c
4	a
7	c
9	a
dstream: 1 of 6 records was older than one before it in its source and was dropped; --watermark D sorts what is so much out of order
$ dstream -i csv --time t:s --merge-sorted window 4s count-by k a.csv b.csv
1970-01-01T00:00:00Z	a	1
1970-01-01T00:00:00Z	b	1
1970-01-01T00:00:04Z	a	1
1970-01-01T00:00:04Z	b	2
1970-01-01T00:00:08Z	a	1
$ printf 'x\n' > x; dstream --merge-sorted count x x
dstream: --merge-sorted: @time over a regular file needs a time field; give --time FIELD, or --time arrival if you mean it
    dstream --merge-sorted count x x
            ^^^^^^^^^^^^^^
? 2
