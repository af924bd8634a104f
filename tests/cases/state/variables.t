# map-with-state: variables that go from record to record of a key.

$ printf 'at,user,event\n0,ann,login\n20,bob,login\n45,ann,buy\n50,bob,buy\n200,cid,login\n210,ann,login\n300,cid,buy\n' > events.csv
$ dstream -i csv map-with-state-by user 'n=(n ?? 0)+1,last=event' events.csv
0	ann	login	1	login
20	bob	login	1	login
45	ann	buy	2	buy
50	bob	buy	2	buy
200	cid	login	1	login
210	ann	login	3	login
300	cid	buy	2	buy
$ dstream -i csv map-with-state-by user 'open=event=="login" ? at : null' events.csv
0	ann	login	0
20	bob	login	20
45	ann	buy	
50	bob	buy	
200	cid	login	200
210	ann	login	210
300	cid	buy	
$ dstream -i csv key-by user map-with-state 'n=(n ?? 0)+1' filter 'n==2' count-by-key events.csv
ann	1
bob	1
cid	1
$ dstream -i csv map-with-state 'first=first ?? user,before=user,prev=before' select user,first,prev events.csv
ann	ann	
bob	ann	ann
ann	ann	bob
bob	ann	ann
cid	ann	bob
ann	ann	cid
cid	ann	ann
$ printf 'user,n\nann,40\nzoe,7\n' > totals.csv
$ dstream -i csv map-with-state-by user 'n=(n ?? 0)+1' --initial totals.csv select user,n events.csv
ann	41
bob	1
ann	42
bob	2
cid	1
ann	43
cid	2
$ dstream -i csv map-with-state-by user 'n=(n ?? 0)+1' --initial none.csv events.csv
dstream: none.csv: No such file or directory
    dstream -i csv map-with-state-by user 'n=(n ?? 0)+1' --initial none.csv events.csv
                                                                   ^^^^^^^^
? 2
$ dstream -i csv map-with-state-by user 'm=(m ?? 0)+1' --initial totals.csv events.csv
dstream: totals.csv: no field m, which map-with-state-by keeps
    dstream -i csv map-with-state-by user 'm=(m ?? 0)+1' --initial totals.csv events.csv
                                                                   ^^^^^^^^^^
? 2
$ dstream -i csv map-with-state-by user 'n=(n ?? 0)+int(event)' --max-keys 3 select user,n events.csv
ann	
bob	
ann	
bob	
cid	
ann	
cid	
dstream: 7 values of event could not be converted and count as null

# SPARK 4.1: mapWithState timeouts run only in checkpointing batches (every 10th). Here a key times out at just its last
# record's time and --ttl (SPARK 3.13), before the record that shows it.
$ printf 'at,user,event\n0,ann,login\n20,bob,login\n45,ann,buy\n50,bob,buy\n200,cid,login\n210,ann,login\n300,cid,buy\n' > events.csv
$ dstream -i csv --time at:s --watermark 0s map-with-state-by user 'n=(n ?? 0)+1' --ttl 1m --on-timeout emit events.csv
0	ann	login	1
20	bob	login	1
45	ann	buy	2
50	bob	buy	2
200	cid	login	1
	ann		2
	bob		2
210	ann	login	1
300	cid	buy	2
	ann		1
	cid		2
$ dstream -i csv --time at:s --watermark 0s map-with-state-by user 'n=(n ?? 0)+1' --ttl 1m --on-timeout emit -o json events.csv
{"at":0,"user":"ann","event":"login","n":1}
{"at":20,"user":"bob","event":"login","n":1}
{"at":45,"user":"ann","event":"buy","n":2}
{"at":50,"user":"bob","event":"buy","n":2}
{"at":200,"user":"cid","event":"login","n":1}
{"at":null,"user":"ann","event":null,"n":2}
{"at":null,"user":"bob","event":null,"n":2}
{"at":210,"user":"ann","event":"login","n":1}
{"at":300,"user":"cid","event":"buy","n":2}
{"at":null,"user":"ann","event":null,"n":1}
{"at":null,"user":"cid","event":null,"n":2}
$ dstream -i csv --time at:s map-with-state-by user 'n=(n ?? 0)+1' --ttl 1m --on-timeout emit select user,n events.csv
dstream: map-with-state-by: --ttl is by event time, which of files that end is known at their end; to forget before, give --watermark D
ann	1
bob	1
ann	2
bob	2
cid	1
ann	3
cid	2
bob	2
ann	3
cid	2
$ dstream -i csv --time at:s --watermark 0s map-with-state-by user 'n=(n ?? 0)+1' --ttl 1m --on-timeout emit window 1m reduce-by user max:n events.csv
1970-01-01T00:00:00Z	ann	2
1970-01-01T00:00:00Z	bob	2
1970-01-01T00:01:00Z	ann	2
1970-01-01T00:01:00Z	bob	2
1970-01-01T00:03:00Z	ann	1
1970-01-01T00:03:00Z	cid	1
1970-01-01T00:04:00Z	ann	1
1970-01-01T00:05:00Z	cid	2
1970-01-01T00:06:00Z	cid	2
$ dstream -i csv --time at:s --watermark 0s map-with-state-by user 'n=(n ?? 0)+1' --ttl 155s select user,n events.csv
ann	1
bob	1
ann	2
bob	2
cid	1
ann	1
cid	2
$ dstream -i csv --time at:s --watermark 0s map-with-state-by user 'n=(n ?? 0)+1' --ttl 156s select user,n events.csv
ann	1
bob	1
ann	2
bob	2
cid	1
ann	3
cid	2

# SPARK 4.4: mapWithState runs per record, updateStateByKey for all keys at each batch. Here too: two records of a key see
# each other's update, and keys without a record are not touched.
$ printf 'a 1\na 2\nb 5\na 4\n' > in.txt
$ dstream map-with-state-by '$1' 's=(s ?? 0)+(float($2) ?? 0)' select '$1,s' in.txt
a	1
a	3
b	5
a	7

# stateSnapshots: each key with its variables, in place of the records.
$ printf 'user,n\nzoe,7\n' > totals.csv
$ printf 'user,event\nbob,login\nann,login\nbob,buy\n' > events.csv
$ dstream -i csv map-with-state-by user 'n=(n ?? 0)+1,last=event' --output-mode complete events.csv
ann	1	login
bob	2	buy
$ dstream -i csv map-with-state-by user 'n=(n ?? 0)+1' --initial totals.csv --output-mode complete -o json events.csv
{"user":"ann","n":1}
{"user":"bob","n":2}
{"user":"zoe","n":7}
$ dstream -i csv map-with-state-by user 'n=(n ?? 0)+1' --output-mode complete --batch-lines 2 events.csv
ann	1
bob	1
ann	1
bob	2
# INTERFACE 6.1: "With `--on-timeout emit` the row has the key and the variables", where the record's columns lack the key, too.
$ printf '{"t":0,"k":"a","x":{"y":7}}\n{"t":9,"k":"b"}\n' > p.json; dstream -i json --time t:s --watermark 2s map-with-state-by k 'n=(n ?? 0)+1' --ttl 3s --on-timeout emit -o json p.json
{"t":0,"k":"a","x":{"y":7},"n":1}
{"t":9,"k":"b","n":1}
{"k":"a","n":1}
{"k":"b","n":1}
$ dstream -i json --time t:s --watermark 2s map-with-state-by x.y 'n=(n ?? 0)+1' --ttl 3s --on-timeout emit -o json p.json
{"t":0,"k":"a","x":{"y":7},"x.y":7,"n":1}
{"t":9,"k":"b","x.y":null,"n":1}
{"x.y":7,"n":1}
{"x.y":null,"n":1}
$ dstream -i json --time t:s --watermark 2s map-with-state-by 'upper(k)' 'n=(n ?? 0)+1' --ttl 3s --on-timeout emit -o json p.json
{"t":0,"k":"a","x":{"y":7},"upper(k)":"A","n":1}
{"t":9,"k":"b","upper(k)":"B","n":1}
{"upper(k)":"A","n":1}
{"upper(k)":"B","n":1}
$ dstream -i json --time t:s --watermark 2s map-with-state-by k 'n=(n ?? 0)+1' --ttl 3s --on-timeout emit -o csv p.json
t,k,x,n
0,a,"{""y"":7}",1
9,b,,1
,a,,1
,b,,1
$ printf '0 a x\n9 b y\n' | dstream --time '$1:s' --watermark 2s map-with-state-by '$2' 'n=(n ?? 0)+1' --ttl 3s --on-timeout emit
0 a x	a	1
9 b y	b	1
	a	1
	b	1
$ printf 't,k\n0,a\n9,b\n' | dstream -i csv --time t:s --watermark 2s map-with-state-by 'upper(k),k' 'n=(n ?? 0)+1' --ttl 3s --on-timeout emit -o csv
t,k,upper(k),n
0,a,A,1
9,b,B,1
,a,A,1
,b,B,1
# What comes further behind the watermark than it lasts is over when it comes: not in a window that is closed.
$ printf -- '-38 a\n-24 c\n-48 b\n' > in; dstream --time '$1:s' --watermark 5s window 10s map-with-state-by '$2' 'n=(n??0)+1' --ttl 5s --on-timeout emit reduce n=count in
1969-12-31T23:59:20Z	2
1969-12-31T23:59:30Z	1
1969-12-31T23:59:40Z	1
dstream: 1 of 3 records came too late for its window and was dropped; --watermark D waits longer

# Windows by count hold no moment.
$ printf 'a\nb\n' > log; dstream count-window 2 distinct map-with-state 'n=(n ?? 0)+1' --ttl 2s --on-timeout emit log
dstream: map-with-state: --on-timeout emit puts a key into the window that holds the moment, and windows by count hold none; put the window operator behind it
    … 2 distinct map-with-state 'n=(n ?? 0)+1' --ttl 2s --on-timeout emit log
                                                        ^^^^^^^^^^^^
? 2
