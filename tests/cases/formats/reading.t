# What is read, by format.

$ printf 'a=1 b="x y" c\n' | dstream -i logfmt select a,b -o json
{"a":1,"b":"x y"}

$ printf '<34>Oct 11 22:14:15 mymachine su[12]: failed for lonvick\n' | dstream -i syslog select host,app,pid,msg,severity,facility
mymachine	su	12	failed for lonvick	crit	auth

$ printf 'x-12\ny-7\n' | dstream -i 'regex:(?<k>\w)-(?<v>\d+)' reduce-by k sum:v
x	12
y	7

$ printf 'a;b;c\n' | dstream -d ';' select '$2,$NF,NF,_3'
b	c	3	c

$ printf 'a b\nc\nd e\n' | dstream count-by NF
1	1
2	2
$ printf 'a b\nc\nd e\n' | dstream map 'n=NF+1' reduce-by n 'max:NF'
2	1
3	2
$ printf ' a  b\t c \n\n' | dstream map 'n=NF' select 'n,$2' -o json
{"n":3,"$2":"b"}
{"n":0,"$2":null}

$ printf '1,2\n3,4\n' | dstream -i csv --no-header reduce 'sum:$1,sum:_2'
4	6

$ printf 'a,a,\n1,2,3\n' | dstream -i csv -o json
{"a":1,"a_2":2,"$3":3}

$ head -1 $DATA/apache_logs.log | dstream -i combined select host,user,method,path,query,protocol,status,bytes -o json
{"host":"83.149.9.216","user":null,"method":"GET","path":"/presentations/logstash-monitorama-2013/images/kibana-search.png","query":null,"protocol":"HTTP/1.1","status":200,"bytes":203023}

$ printf '1.1.1.1 - - [17/May/2015:10:05:03 +0000] "GET /a?b=1 HTTP/1.1" 200 -\n' | dstream -i common select path,query,bytes,time -o json
{"path":"/a","query":"b=1","bytes":null,"time":"17/May/2015:10:05:03 +0000"}

# Compressed by content, whatever the name.
# oracle: wc -l < $DATA/openssh.log
$ gzip -c $DATA/openssh.log > in.dat; dstream count in.dat
500

# A regular file on standard input counts as that file.
$ printf 'a\nb\n' > in; dstream map 'f=@file,l=@line' select f,l in
in	1
in	2

# Each file has its own lines, its header among them, from a file as from a pipe.
$ printf 'a\n1\n2\n' > one.csv; printf '"a\nb",a\n3,4\n' > two.csv; dstream -i csv select @file,@line,a one.csv two.csv
one.csv	2	1
one.csv	3	2
two.csv	3	4
$ dstream -i csv select @line,a < one.csv
2	1
3	2
$ cat one.csv | dstream -i csv select @line,a
2	1
3	2

# The fields of json are those of the first record that is one, whatever stands in front of it.
$ printf 'starting\n\n["a"]\n{"a":1,"b":2}\n{"a":3,"b":4}\n' | dstream -i json map 'c=a+b'
1	2	3
3	4	7
dstream: 1 of 4 records is not JSON (first: standard input:1 col 1)
dstream: 1 of 4 records is not a JSON object but an array (first: standard input:3 col 1)

$ printf 'starting up\n\na=1 b=2\na=3 b=4\n' | dstream -i logfmt map 'c=a+b'
1	2	3
3	4	7
dstream: 1 of 3 records is bad: no key=value (first: standard input:1 col 1)

# Records that are passed on as they stand are below one header: an input with other columns is refused there, and read by
# name elsewhere.
$ printf 'a,b\n1,2\n' > f1.csv; printf 'b,a\n20,10\n' > f2.csv; printf '"a",b\n5,6\n' > f3.csv; : > f0.csv; dstream -i csv filter 'a>0' f1.csv f2.csv
dstream: f2.csv: its columns are others, or in another order, than those of the first input, and records are passed on as they stand; -o csv, or select, writes them by their names
    dstream -i csv filter 'a>0' f1.csv f2.csv
                                       ^^^^^^
? 2
$ dstream -i csv filter 'a>0' f1.csv f2.csv -o csv
a,b
1,2
10,20
$ dstream -i csv filter 'a>0' f1.csv f3.csv f0.csv
a,b
1,2
5,6
$ dstream -i csv tee x.csv count f1.csv f2.csv
dstream: f2.csv: its columns are others, or in another order, than those of the first input, and records are passed on as they stand; -o csv, or select, writes them by their names
    dstream -i csv tee x.csv count f1.csv f2.csv
                                          ^^^^^^
? 2
$ dstream -i csv select a,b tee x.csv reduce s=sum:a f1.csv f2.csv; cat x.csv
11
a,b
1,2
10,20
$ dstream -i csv --late late.csv --time a:s --watermark 0s window 1s count f2.csv f1.csv
dstream: f1.csv: its columns are others, or in another order, than those of the first input, and --late FILE keeps records of one header; --late drop counts them
    … --late late.csv --time a:s --watermark 0s window 1s count f2.csv f1.csv
                                                                       ^^^^^^
? 2
$ mkdir d; cp f1.csv f2.csv d; dstream -i csv --once filter 'a>0' dir:d
a,b
1,2
dstream: d/f2.csv: its columns are others, or in another order, than those of the first input, and records are passed on as they stand; -o csv, or select, writes them by their names
? 2
