# What is far from what its key had before, and the keys that are there most.

$ printf 'at,sensor,temp\n2026-11-20T10:00:00Z,boiler,71.2\n2026-11-20T10:00:01Z,roof,3.1\n2026-11-20T10:00:02Z,boiler,70.8\n2026-11-20T10:00:03Z,roof,3.1\n2026-11-20T10:00:04Z,boiler,71\n2026-11-20T10:00:05Z,roof,3.2\n2026-11-20T10:00:06Z,boiler,88.4\n2026-11-20T10:00:07Z,boiler,-\n' > plant.csv
$ dstream -i csv key-by sensor anomaly zscore temp --rows 2 -o json --digits 3 plant.csv
{"at":"2026-11-20T10:00:05Z","sensor":"roof","temp":3.2,"score":null,"mean":3.1,"deviation":0}
{"at":"2026-11-20T10:00:06Z","sensor":"boiler","temp":88.4,"score":175,"mean":70.9,"deviation":0.1}
dstream: 1 value of temp could not be converted and counts as null
$ dstream -i csv anomaly zscore 'abs(temp)' --rows 3 --sigma 1.5 --warm-up 1 select sensor,temp plant.csv
roof	3.1
boiler	88.4
dstream: 1 value of temp could not be converted and counts as null
$ dstream -i csv key-by sensor anomaly median temp plant.csv
dstream: anomaly: 'median' is none of zscore, ewma
    dstream -i csv key-by sensor anomaly median temp plant.csv
                                         ^^^^^^
? 2
$ dstream -i csv --time at window 4s count-by sensor --heavy 1 plant.csv
2026-11-20T10:00:00Z	roof	4	3
2026-11-20T10:00:04Z	boiler	4	2

$ printf '10.0.0.7\n10.0.0.7\n10.0.0.9\n10.0.0.7\n10.0.0.8\n10.0.0.7\n' > hits.txt
$ dstream count-by-key --heavy 2 hits.txt
10.0.0.7	4	0
10.0.0.8	2	1
$ dstream count-by-key --heavy 2 --exact hits.txt
10.0.0.7	4	0
10.0.0.8	1	0
10.0.0.9	1	0
