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

$ printf 'a,b\n1,2\n' > in; dstream -i csv count-by a --output out.csv in; dstream -i csv count-by b --append --output out.csv in; cat out.csv
a,count
1,1
2,1
