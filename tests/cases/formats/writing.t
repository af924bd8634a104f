# What is written, by format.

$ printf 'a,b\n1,"x, ""y"""\n007,\n1e3,z\n-0,2.50\n' > in.csv
$ dstream -i csv -o csv in.csv
a,b
1,"x, ""y"""
007,
1e3,z
-0,2.50
$ dstream -i csv -o json in.csv
{"a":1,"b":"x, \"y\""}
{"a":"007","b":""}
{"a":1e3,"b":"z"}
{"a":-0,"b":2.50}
$ dstream -i csv -o tsv in.csv
1	x, "y"
007	
1e3	z
-0	2.50
$ dstream -i csv -H -o tsv in.csv
a	b
1	x, "y"
007	
1e3	z
-0	2.50
$ dstream -i csv -o logfmt in.csv
a=1 b="x, \"y\""
a=007 b=
a=1e3 b=z
a=-0 b=2.50
$ dstream -i csv -o lines in.csv
1	x, "y"
007	
1e3	z
-0	2.50
$ dstream -i csv -o 'template:{a}: {b}!' in.csv
1: x, "y"!
007: !
1e3: z!
-0: 2.50!
$ dstream -i csv -o table in.csv
  a  b
  1  x, "y"
007
1e3  z
 -0  2.50
$ dstream -i csv in.csv
a,b
1,"x, ""y"""
007,
1e3,z
-0,2.50

$ printf 'a\tb\n1\tx\\ty\n' | dstream -i tsv -o json
{"a":1,"b":"x\ty"}

$ printf '{"a":1,"b":null,"c":[1,2],"d":{"e":"f"},"g":"x\\ty"}\n' > in
$ dstream -i json select a,b,c,d,g in
1		[1,2]	{"e":"f"}	x\ty
$ dstream -i json select a,b,c,d,g -o json in
{"a":1,"b":null,"c":[1,2],"d":{"e":"f"},"g":"x\ty"}
$ dstream -i json select a,b,c,d,g -o csv in
a,b,c,d,g
1,,"[1,2]","{""e"":""f""}",x	y

$ printf '1 2\n' | dstream map 'x=$1/3' select x
0.3333333333333333
$ printf '1 2\n' | dstream map 'x=$1/3' select x --digits 3
0.333
$ printf '1 2\n' | dstream map 'x=$1/4' select x
0.25
$ printf '1 2\n' | dstream map 'x=0.1+0.2,y=1e3*1,z=1/0' select x,y,z -o json
{"x":0.3,"y":1000,"z":null}

# Without -o the ending of the output's name decides.
$ printf 'a,b\n1,2\n' > in; dstream -i csv count-by a --output out.json in; cat out.json
{"a":1,"count":1}

$ printf 'a,b\n1,2\n' > in; dstream -i csv count-by a --output out.csv in; dstream -i csv count-by a --append --output out.csv in; cat out.csv
a,count
1,1
1,1

# Columns of json and logfmt are those of the first record: rows with other fields are told, by their first names. What is
# dropped, computed or filtered out is not lost.
$ printf '{"k":1,"a":1}\n{"k":2,"v":5,"a":2,"n":null}\n{"k":3,"v":6,"w x":1}\n' > in; dstream -i json -o csv in
k,a
1,1
2,2
3,
dstream: 2 rows have fields that are no columns, as the first record lacks them: v, w x; name them with select, or write records whole with -o json
$ dstream -i json -o tsv map 'k2=k*2' in
1	1	2
2	2	4
3		6
dstream: 2 rows have fields that are no columns, as the first record lacks them: v, w x; name them with select, or write records whole with -o json
$ dstream -i json -o logfmt sort-by k:desc in
k=3
k=2 a=2
k=1 a=1
dstream: 2 rows have fields that are no columns, as the first record lacks them: v, w x; name them with select, or write records whole with -o json
$ dstream -i json -o csv drop v in
k,a
1,1
2,2
3,
dstream: 1 row has fields that are no columns, as the first record lacks them: w x; name them with select, or write records whole with -o json
$ dstream -i json -o csv map 'v=1' in
k,a,v
1,1,1
2,2,1
3,,1
dstream: 1 row has fields that are no columns, as the first record lacks them: w x; name them with select, or write records whole with -o json
$ dstream -i json -o csv filter 'k<2' in
k,a
1,1
$ dstream -i json -o csv filter 'v>5' in
k,a
3,
dstream: 1 row has fields that are no columns, as the first record lacks them: v, w x; name them with select, or write records whole with -o json
$ dstream -i json -o csv head 1 in
k,a
1,1
$ dstream -i json -o csv head 2 in
k,a
1,1
2,2
dstream: 1 row has fields that are no columns, as the first record lacks them: v; name them with select, or write records whole with -o json
$ dstream -i json -o csv rename v=b in
k,a
1,1
2,2
3,
dstream: 2 rows have fields that are no columns, as the first record lacks them: v, w x; name them with select, or write records whole with -o json
$ dstream -i json -o csv select k,v in
k,v
1,
2,5
3,6
$ dstream -i json -o json tee all.csv in
{"k":1,"a":1}
{"k":2,"v":5,"a":2,"n":null}
{"k":3,"v":6,"w x":1}
dstream: 2 rows have fields that are no columns, as the first record lacks them: v, w x; name them with select

$ printf 'k=1 a=2\nk=2 b=3 c d="x" e=5\n' > in; dstream -i logfmt -o csv in
k,a
1,2
2,
dstream: 1 row has fields that are no columns, as the first record lacks them: b, c, d, …; name them with select, or write records whole with -o json
$ dstream -i logfmt -o json in
{"k":1,"a":2}
{"k":2,"b":3,"c":"true","d":"x","e":5}

$ printf '{"k":1}\n{"\\u006b":2,"\\u0076":{"z":1}}\n' | dstream -i json -o csv
k
1
2
dstream: 1 row has fields that are no columns, as the first record lacks them: v; name them with select, or write records whole with -o json

# Without a first record columns are not known, and no header is written; where they are, it is.
$ : > in; printf 'a,c\n1,2\n' > t.csv; dstream -i csv lookup t.csv --on a -o csv in; dstream -i csv scan n=cumcount -o csv in; dstream -i csv --time a key-by a burst 2 5s map z=1 -o csv in; dstream -i tsv -H rename a=b -o tsv in; dstream -i csv --no-header map z=1 -o csv in; dstream -i json map z=1 -o csv in
$ dstream -i csv group-by a -o csv in
$ dstream -i csv count-by a -o csv in
a,count
$ dstream -i csv select a,b -o csv in
a,b
$ printf 'a,b,z\n' > o.csv; dstream -i csv map z=1 --append --output o.csv in; cat o.csv
a,b,z
$ dstream -i csv map z=1 union t.csv -o csv in
z,a,c
,1,2
