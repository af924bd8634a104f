# Fraud: a small payment, then a large one of the same card within a minute. EVENT-TIME 2.12: 60 s are too late.
$ printf 't,card,sum\n0,a,1\n5,b,2\n30,a,900\n65,b,900\n70,c,3\n129,c,700\n' | dstream -i csv --time t:s key-by card match 'small large' --where 'small=sum<5' --where 'large=sum>500' --within 1m --measures 'first:small.sum,last:large.sum'
a	1970-01-01T00:00:00Z	1970-01-01T00:00:30Z	1	900
c	1970-01-01T00:01:10Z	1970-01-01T00:02:09Z	3	700

# Two small ones: the first match that ends wins, then the one that began first; the other is skipped.
$ printf '0 a 1\n1 a 2\n2 a 900\n3 a 800\n' | dstream --time _1:s key-by _2 match 'small large' --where 'small=_3<5' --where 'large=_3>500' --measures 'collect:_3'
a	1970-01-01T00:00:00Z	1970-01-01T00:00:02Z	[1,900]
$ printf '0 a 1\n1 a 2\n2 a 900\n3 a 800\n' | dstream --time _1:s key-by _2 match 'small large' --where 'small=_3<5' --where 'large=_3>500' --measures 'collect:_3' --skip next
a	1970-01-01T00:00:00Z	1970-01-01T00:00:02Z	[1,900]
a	1970-01-01T00:00:01Z	1970-01-01T00:00:02Z	[2,900]
$ printf '0 a 1\n1 a 2\n2 a 900\n3 a 800\n' | dstream --time _1:s key-by _2 match 'small any large' --where 'small=_3<5' --where 'large=_3>500' --measures 'collect:_3' --skip none
a	1970-01-01T00:00:00Z	1970-01-01T00:00:02Z	[1,900]
a	1970-01-01T00:00:01Z	1970-01-01T00:00:02Z	[2,900]
a	1970-01-01T00:00:00Z	1970-01-01T00:00:03Z	[1,800]
a	1970-01-01T00:00:01Z	1970-01-01T00:00:03Z	[2,800]

# A sensor fault: each of three readings next to each other is above the one before.
$ printf 't,s,v\n1,a,10\n2,a,11\n3,a,12\n4,a,13\n5,a,9\n6,a,10\n7,b,1\n8,b,2\n9,b,2\n' | dstream -i csv --time t:s key-by s match 'base next rise{2}:next' --where 'rise=v>(rise.v ?? base.v)' --measures 'vs=collect:v'
a	1970-01-01T00:00:01Z	1970-01-01T00:00:03Z	[10,11,12]

# The same where records come out of order: they wait for the watermark; what comes behind it is late.
$ printf '2 11\n1 10\n3 12\n9 5\n4 6\n10 7\n11 8\n' | dstream --time _1:s --watermark 2s match 'base next rise{2}:next' --where 'rise=_2>(rise._2 ?? base._2)' --measures 'vs=collect:_2'
1970-01-01T00:00:01Z	1970-01-01T00:00:03Z	[10,11,12]
1970-01-01T00:00:09Z	1970-01-01T00:00:11Z	[5,7,8]
dstream: 1 of 7 records came too late for its window and was dropped; --watermark D waits longer

# A break-in: five failures, then a success from the same host, within a minute.
$ printf '1 h9 fail root\n2 h9 fail root\n3 h7 fail eve\n4 h9 fail admin\n5 h9 fail admin\n6 h9 fail bob\n7 h7 ok eve\n8 h9 fail bob\n9 h9 ok bob\n' > auth.log
$ dstream --time _1:s key-by _2 match 'fail{5,} ok' --where 'fail=_3=="fail"' --where 'ok=_3=="ok"' --within 1m --measures 'tries=count:fail._3,user=last:ok._4' auth.log
h9	1970-01-01T00:00:01Z	1970-01-01T00:00:09Z	5	bob
$ dstream --time _1:s key-by _2 match 'fail{5,} ok' --where 'fail=_3=="fail"' --where 'ok=_3=="ok"' --within 1m --measures 'tries=count:fail._3,user=last:ok._4' --greedy auth.log
h9	1970-01-01T00:00:01Z	1970-01-01T00:00:09Z	6	bob

# Five failures of one host within 20 seconds, in a real log.
$ dstream -i syslog --tz UTC parse 'Failed password for (?<user>\S+) from (?<ip>[0-9.]+)' --field msg key-by ip match 'fail{5}' --within 20s --measures 'n=count,user=last:user' select ip,n,user reduce-by ip,user 'bursts=count,sum:n' $DATA/openssh.log
112.95.230.3	root	4	20

# What must not come: an order without a payment before it is sent, and one without a payment in an hour.
$ printf '1 7 order\n2 8 order\n3 7 sent\n4 8 paid\n5 8 sent\n' | dstream --time _1:s key-by _2 match 'order not paid then sent' --where 'order=_3=="order"' --where 'paid=_3=="paid"' --where 'sent=_3=="sent"'
7	1970-01-01T00:00:01Z	1970-01-01T00:00:03Z	2
$ printf '0 7 order\n2 8 order\n1800 8 paid\n3600 7 paid\n' | dstream --time _1:s key-by _2 match 'order not paid' --where 'order=_3=="order"' --where 'paid=_3=="paid"' --within 1h
7	1970-01-01T00:00:00Z	1970-01-01T00:00:00Z	1
$ printf '1 a\n2 b\n3 a\n4 c\n5 a\n' | dstream --time _1:s match 'a not next b' --where 'a=_2=="a"' --where 'b=_2=="b"' --skip none
1970-01-01T00:00:03Z	1970-01-01T00:00:03Z	1
1970-01-01T00:00:05Z	1970-01-01T00:00:05Z	1

# Partial matches that ran out; the end of the input is the end of time.
$ printf '0 7 order\n2 8 order\n1800 8 paid\n3600 7 paid\n9000 9 order\n' | dstream --time _1:s key-by _2 match 'order paid' --where 'order=_3=="order"' --where 'paid=_3=="paid"' --within 1h --timeouts
8	1970-01-01T00:00:02Z	1970-01-01T00:30:00Z	2	false
7	1970-01-01T00:00:00Z	1970-01-01T00:00:00Z	1	true
9	1970-01-01T02:30:00Z	1970-01-01T02:30:00Z	1	true

# Quantifiers: as few as they can, or as many; a match for each length without skipping.
$ printf '1 a\n2 b\n3 b\n4 b\n' | dstream --time _1:s match 'a b+' --where 'a=_2=="a"' --where 'b=_2=="b"'
1970-01-01T00:00:01Z	1970-01-01T00:00:02Z	2
$ printf '1 a\n2 b\n3 b\n4 b\n' | dstream --time _1:s match 'a b+' --where 'a=_2=="a"' --where 'b=_2=="b"' --skip none
1970-01-01T00:00:01Z	1970-01-01T00:00:02Z	2
1970-01-01T00:00:01Z	1970-01-01T00:00:03Z	3
1970-01-01T00:00:01Z	1970-01-01T00:00:04Z	4
$ printf '1 a\n2 b\n3 b\n4 b\n' | dstream --time _1:s match 'a b+' --where 'a=_2=="a"' --where 'b=_2=="b"' --greedy
1970-01-01T00:00:01Z	1970-01-01T00:00:04Z	4

# Conditions over what a step has taken so far.
$ printf '1 2\n2 4\n3 6\n4 1\n5 100\n' | dstream --time _1:s match 'x+:next next peak' --where 'peak=_2>3*avg(x._2) and count(x._2)>=3 and min(x._2)==1 and first(x._2)<max(x._2)' --measures 'sum:x._2,last:peak._2'
1970-01-01T00:00:01Z	1970-01-01T00:00:05Z	13	100

# Nexmark cep: a price that falls, then rises; the longest run whose mean stays below 95; a drop of 50 within 5 s.
$ printf 't,auction,price\n1,1,100\n2,1,90\n3,1,80\n4,1,95\n5,1,97\n6,1,40\n7,1,30\n8,1,60\n8,2,10\n10,2,70\n13,2,15\n' > bids.csv
$ dstream -i csv --time t:s key-by auction match 'start next down+:next next up+:next' --where 'down=price<(down.price ?? start.price)' --where 'up=price>(up.price ?? down.price)' --greedy --measures 'from=first:start.price,low=last:down.price,to=last:up.price,n=count' bids.csv
1	1970-01-01T00:00:01Z	1970-01-01T00:00:05Z	100	80	97	5
1	1970-01-01T00:00:06Z	1970-01-01T00:00:08Z	40	30	60	3
$ dstream -i csv --time t:s key-by auction match 'low+:next' --where 'low=(sum(low.price)+price)/(count(low.price)+1)<95' --greedy --measures 'n=count,mean=avg:price' bids.csv
1	1970-01-01T00:00:02Z	1970-01-01T00:00:08Z	7	70.28571428571429
2	1970-01-01T00:00:08Z	1970-01-01T00:00:13Z	3	31.666666666666668
$ dstream -i csv --time t:s key-by auction match 'high drop' --where 'drop=price<=high.price-50' --within 5s --measures 'from=first:high.price,to=last:drop.price' bids.csv
1	1970-01-01T00:00:02Z	1970-01-01T00:00:06Z	90	40
2	1970-01-01T00:00:10Z	1970-01-01T00:00:13Z	70	15
$ dstream -i csv match 'high drop' bids.csv
dstream: match: a pattern over a regular file needs a time field; give --time FIELD, or --time arrival if you mean it
    dstream -i csv match 'high drop' bids.csv
                   ^^^^^
? 2

# A sequence within a window lies in one; over the rows of windows, window all ends the scope.
$ printf '1 a\n9 b\n11 a\n12 b\n' | dstream --time _1:s window 10s match 'a b' --where 'a=_2=="a"' --where 'b=_2=="b"'
1970-01-01T00:00:00Z	1970-01-01T00:00:01Z	1970-01-01T00:00:09Z	2
1970-01-01T00:00:10Z	1970-01-01T00:00:11Z	1970-01-01T00:00:12Z	2
$ printf '8 a\n11 b\n12 a\n' | dstream --time _1:s window 10s match 'a b' --where 'a=_2=="a"' --where 'b=_2=="b"'
$ printf '1 a\n11 a\n12 a\n21 a\n22 a\n23 a\n' | dstream --time _1:s window 10s count window all match 'one next more{2}:next' --where 'more=count>(more.count ?? one.count)' --measures 'counts=collect:count'
1970-01-01T00:00:09.999999999Z	1970-01-01T00:00:29.999999999Z	[1,2,3]

# Rows have the time of their last record, for windows and patterns behind.
$ printf '0 a\n5 b\n9 a\n4000 a\n4001 b\n4002 a\n' | dstream --time _1:s --watermark 1s match 'a b' --where 'a=_2=="a"' --where 'b=_2=="b"' --within 2s --timeouts window 1h count-by timeout
1970-01-01T00:00:00Z	true	2
1970-01-01T01:00:00Z	false	1
1970-01-01T01:00:00Z	true	1

# Mistakes.
$ dstream --time _1 match 'aa bb' --where 'ab=_1>1'
dstream: match: --where: no step 'ab'; did you mean 'aa'?
    ab=_1>1
    ^^
? 2
$ dstream --time _1 match 'a b?' --skip to-first:b
dstream: match: --skip: 'b' may take no record, and then there is nothing to skip to; name a step that always takes one
    to-first:b
             ^
? 2
$ dstream --time _1 match 'a b' --skip to-first:a
dstream: match: --skip: 'a' is where the match began, so this would go nowhere; use --skip next
    to-first:a
             ^
? 2
$ dstream --time _1 match 'a not b'
dstream: match: 'b' could still come for ever; give --within D, or ask only the next record: not next b
    a not b
          ^
? 2
$ dstream --time _1 match 'a{3,1}'
dstream: match: 3 is more than 1; write {1,3}
    a{3,1}
     ^^^^^
? 2
$ dstream --time _1 match 'a b' --where 'b=a._3+1'
dstream: match: --where: this needs a condition, it is a number; compare it with something
    b=a._3+1
      ^^^^^^
? 2
$ dstream --time _1 match 'a not x then b' --where 'b=x._3>1'
dstream: match: NAME.f: 'x' stands behind not, so it takes no record
    b=x._3>1
      ^
? 2
$ dstream --time _1 match 'a b' --measures 'sum:a._3*b._3'
dstream: match: --measures: an aggregate is over all records of a match, or over those of one step
    sum:a._3*b._3
        ^^^^^^^^^
? 2

# Windows by count have no bounds.
$ seq 4 | dstream --time '$1:s' count-window 2 match 'a b'
1970-01-01T00:00:01Z	1970-01-01T00:00:02Z	2
1970-01-01T00:00:03Z	1970-01-01T00:00:04Z	2
# Windows whose records come when they are over are met one after the other.
$ printf '6 y\n8 y\n9 x\n13 y\n' | dstream --time '$1:s' --watermark 2s key-by '$2' window 6s --grow 2s match 'a b' --within 5s --timeouts
1970-01-01T00:00:06Z	1970-01-01T00:00:08Z	y	1970-01-01T00:00:06Z	1970-01-01T00:00:06Z	1	true
1970-01-01T00:00:06Z	1970-01-01T00:00:10Z	y	1970-01-01T00:00:06Z	1970-01-01T00:00:08Z	2	false
1970-01-01T00:00:06Z	1970-01-01T00:00:10Z	x	1970-01-01T00:00:09Z	1970-01-01T00:00:09Z	1	true
1970-01-01T00:00:06Z	1970-01-01T00:00:12Z	y	1970-01-01T00:00:06Z	1970-01-01T00:00:08Z	2	false
1970-01-01T00:00:06Z	1970-01-01T00:00:12Z	x	1970-01-01T00:00:09Z	1970-01-01T00:00:09Z	1	true
1970-01-01T00:00:12Z	1970-01-01T00:00:14Z	y	1970-01-01T00:00:13Z	1970-01-01T00:00:13Z	1	true
1970-01-01T00:00:12Z	1970-01-01T00:00:16Z	y	1970-01-01T00:00:13Z	1970-01-01T00:00:13Z	1	true
1970-01-01T00:00:12Z	1970-01-01T00:00:18Z	y	1970-01-01T00:00:13Z	1970-01-01T00:00:13Z	1	true
