# What is full has failed: it is not closed as if the input had ended, nor is what follows it.

$ printf 't,k,x\n1,a,1\n2,b,2\n3,c,3\n4,a,4\n5,b,5\n' > s.csv; sed s/x/y/ s.csv > sr.csv; dstream -i csv --time t:s --max-keys 2 --on-full fail join sr.csv --on k --anti --within 5s s.csv
dstream: a join holds more than 2 keys (--max-keys)
? 65
$ dstream -i csv --time t:s --max-keys 2 --on-full fail join sr.csv --on k --full --within 5s s.csv
dstream: a join holds more than 2 keys (--max-keys)
? 65
$ dstream -i csv --time t:s --max-keys 2 --on-full fail cogroup sr.csv --on k s.csv
dstream: a cogroup holds more than 2 keys (--max-keys)
? 65
$ dstream -i csv --max-keys 2 --on-full fail join sr.csv --on k --anti s.csv
dstream: a join holds more than 2 keys (--max-keys)
? 65
$ dstream -i csv --max-keys 2 --on-full fail join sr.csv --on k --left s.csv
dstream: a join holds more than 2 keys (--max-keys)
? 65
$ dstream -i csv --time t:s --max-keys 2 --on-full fail window 10s join sr.csv --on k --left s.csv
dstream: a join holds more than 2 keys (--max-keys)
? 65
$ dstream -i csv --max-keys 2 --on-full fail distinct-by k count s.csv
dstream: distinct-by: more than 2 keys (--max-keys); allow more, let --ttl forget silent ones, or give --on-full evict-oldest or spill
? 65
$ dstream -i csv --max-keys 2 --on-full fail scan-by k cumsum:x sort-by x:desc s.csv
dstream: scan-by: more than 2 keys (--max-keys); allow more, let --ttl forget silent ones, or give --on-full evict-oldest or spill
? 65
