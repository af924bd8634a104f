# Order of event time: what waits for the watermark, and what is late.

$ printf '2026-11-20T10:00:00Z disk full on db1\n2026-11-20T10:00:04Z disk full on db1\n2026-11-20T10:00:07Z login ann\n2026-11-20T10:00:16Z disk full on db1\n2026-11-20T10:00:05Z disk full on db1\n' > app.log
$ dstream --time '$1' --watermark 5s map 'k=replace($0,/^\S+ /,"")' select k distinct-by k --ttl 10s app.log
disk full on db1
login ann
dstream: 1 of 5 records came too late for its window and was dropped; --watermark D waits longer
$ dstream --time '$1' --watermark 0s map 'k=replace($0,/^\S+ /,"")' distinct-by k --ttl 4s select '@time,k' app.log
2026-11-20T10:00:00Z	disk full on db1
2026-11-20T10:00:07Z	login ann
2026-11-20T10:00:16Z	disk full on db1
dstream: 1 of 5 records came too late for its window and was dropped; --watermark D waits longer
$ dstream --time '$1' --watermark 1m map 'k=replace($0,/^\S+ /,"")' distinct-by k --ttl 4s --last select '@time,k' app.log
2026-11-20T10:00:05Z	disk full on db1
2026-11-20T10:00:07Z	login ann
$ dstream --time '$1' --watermark 20s sort-by @time app.log
2026-11-20T10:00:00Z disk full on db1
2026-11-20T10:00:04Z disk full on db1
2026-11-20T10:00:05Z disk full on db1
2026-11-20T10:00:07Z login ann
2026-11-20T10:00:16Z disk full on db1
$ dstream --time '$1' sort-by @time head 3 app.log
2026-11-20T10:00:00Z disk full on db1
2026-11-20T10:00:04Z disk full on db1
2026-11-20T10:00:05Z disk full on db1
$ dstream --time '$1' key-by '$2' burst 3 10s map 'k=$2' select k,count,first_time app.log
disk	3	2026-11-20T10:00:00Z
$ cat app.log | dstream --time '$1' --watermark 20s key-by '$2' burst 3 10s map 'k=$2' select k,count,first_time
disk	3	2026-11-20T10:00:00Z
$ dstream --time '$1' key-by '$2' burst 2 10s window 1m count app.log
2026-11-20T10:00:00Z	1
