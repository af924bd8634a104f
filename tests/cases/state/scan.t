# Running functions and aggregates over the rows around each record.

$ printf 'day,shop,sold\n1,north,12.50\n1,south,8\n2,north,0.25\n2,south,-\n3,north,7\n3,south,11\n' > sales.csv
$ dstream -i csv scan-by shop 'total=cumsum:sold,d=delta:sold,n=cumcount,m=cumcount:sold' sales.csv
1	north	12.50	12.5		1	1
1	south	8	8		1	1
2	north	0.25	12.75	-12.25	2	2
2	south	-	8		2	2
3	north	7	19.75	6.75	3	3
3	south	11	19	3	3	3
dstream: 1 value of sold could not be converted and counts as null
$ dstream -i csv scan-by shop 'was=lag:sold,next=lead:sold,two=lag:sold:2' sales.csv
1	north	12.50		0.25	
1	south	8		-	
2	north	0.25	12.50	7	
2	south	-	8	11	
3	north	7	0.25		12.50
3	south	11	-		8
$ dstream -i csv scan-by shop 'avg:sold:-1..0,max:sold:-1..1,count:-5..-1,join=last:day:-1..0' -o json sales.csv
{"day":1,"shop":"north","sold":12.50,"avg_sold":12.5,"max_sold":12.50,"count":0,"join":1}
{"day":1,"shop":"south","sold":8,"avg_sold":8,"max_sold":"-","count":0,"join":1}
{"day":2,"shop":"north","sold":0.25,"avg_sold":6.375,"max_sold":12.50,"count":1,"join":2}
{"day":2,"shop":"south","sold":"-","avg_sold":8,"max_sold":"-","count":1,"join":2}
{"day":3,"shop":"north","sold":7,"avg_sold":3.625,"max_sold":7,"count":2,"join":3}
{"day":3,"shop":"south","sold":11,"avg_sold":11,"max_sold":"-","count":2,"join":3}
dstream: 1 value of sold could not be converted and counts as null
$ dstream -i csv key-by shop scan-by-key 'm=ewma:sold:0.5,s=ewmsd:sold:0.5,z=zscore:sold:0.5' select shop,m,s,z sales.csv
north	12.5	0	
south	8	0	
north	6.375	6.125	
south	8	0	
north	6.6875	4.342288423170437	0.10204081632653061
south	9.5	1.5	
dstream: 1 value of sold could not be converted and counts as null
$ dstream -i csv scan 'sum:sold' sales.csv
dstream: scan: sum needs rows to go over, for example sum:x:-9..0; a running sum is cumsum
    sum:sold
    ^^^^^^^^
? 2
$ dstream -i csv scan 'sums=cumsum:sold,x=avrg:sold:-1..0' sales.csv
dstream: scan: no running function or aggregate 'avrg'
    there are: cumcount cumsum delta ewma ewmsd lag lead rate since zscore, and aggregates over rows: avg:x:-9..0
    sums=cumsum:sold,x=avrg:sold:-1..0
                       ^^^^
? 2
$ dstream -i csv scan 'lead:shop,first:sold:0..2' head 2 sales.csv
1	north	12.50	south	12.50
1	south	8	north	8

$ printf '{"ts":"2026-11-20T10:00:00Z","if":"eth0","rx":1000}\n{"ts":"2026-11-20T10:00:10Z","if":"eth0","rx":51000}\n{"ts":"2026-11-20T10:00:10Z","if":"lo","rx":7}\n{"ts":"2026-11-20T10:20:10Z","if":"eth0","rx":90}\n{"ts":"2026-11-20T10:20:30Z","if":"eth0","rx":2090}\n' > net.ndjson
$ dstream -i json --time ts scan-by if 'bps=rate:rx,gap=since,d=delta:@time' select if,bps,gap,d net.ndjson
eth0			
eth0	5000	10s	10s
lo			
eth0	-42.425	20m	20m
eth0	100	20s	20s
$ dstream -i json --time ts --watermark 0s scan-by if 'bps=rate:rx' --ttl 10m select if,bps net.ndjson
eth0	
eth0	5000
lo	
eth0	-42.425
eth0	100
$ cat net.ndjson | dstream -i json --time ts scan-by if 'lead:rx' --ttl 10m
2026-11-20T10:00:00Z	eth0	1000	51000
2026-11-20T10:00:10Z	eth0	51000	90
2026-11-20T10:00:10Z	lo	7	
2026-11-20T10:20:10Z	eth0	90	2090
2026-11-20T10:20:30Z	eth0	2090	
$ dstream -i json --time ts window 10m count-by if scan-by if 'more=delta:count' net.ndjson
2026-11-20T10:00:00Z	eth0	2	
2026-11-20T10:00:00Z	lo	1	
2026-11-20T10:20:00Z	eth0	2	0
$ dstream -i json --time ts --watermark 30m sort-by @time scan-by if 'was=lag:rx' select if,rx,was net.ndjson
eth0	1000	
eth0	51000	1000
lo	7	
eth0	90	51000
eth0	2090	90
$ dstream -i json --time ts scan 'n=cumcount' window 10m reduce max:n net.ndjson
2026-11-20T10:00:00Z	3
2026-11-20T10:20:00Z	5
