# awk in spelling, SQL in meaning (INTERFACE 5.3).

$ printf '503\n"503"\n-\n007\n' > in
$ dstream --on-bad skip filter '$1 >= 500' in
503
dstream: 2 values of $1 could not be converted and count as null
$ dstream filter '$1 == "503"' in
503
$ dstream --on-bad skip filter '$1 == 7' in
007
dstream: 2 values of $1 could not be converted and count as null

$ printf '9 10\nb a\n9 a\n' | dstream filter '$1 < $2'
9 10
9 a

$ printf '{"a":"503","b":503}\n' | dstream -i json filter 'a >= 500 and a == b' count
1

$ printf '{"a":null}\n{}\n{"a":0}\n{"a":""}\n' | dstream -i json map 'n=a==null,h=has(a),d=a ?? "none"' select n,h,d -o json
{"n":true,"h":false,"d":"none"}
{"n":true,"h":false,"d":"none"}
{"n":false,"h":true,"d":0}
{"n":false,"h":true,"d":""}

$ printf '{"a":true}\n{"a":false}\n{}\n' | dstream -i json map 'x=(a==true) and (1==1),y=(a==true) or (1==1),z=not (a==true)' select x,y,z -o json
{"x":true,"y":true,"z":false}
{"x":false,"y":true,"z":true}
{"x":null,"y":true,"z":null}

$ printf '7 2\n' | dstream map 'a=$1/$2,b=div($1,$2),c=$1%$2,d=-$1,e=$1/0,f=$1*1.10' select a,b,c,d,e,f -o json
{"a":3.5,"b":3,"c":1,"d":-7,"e":null,"f":7.7}

$ printf 'x\n' | dstream map 'd=1h30m,s=10KiB,t="a\tb\u00e9",f=f"<{$1}>",l=[1,"a",null],i=[1,2][-1]' select d,s,t,f,l,i -o json
{"d":"1h30m","s":10240,"t":"a\tbé","f":"<x>","l":[1,"a",null],"i":2}

$ printf 'x\n' | dstream map 'a=true ? 1 : 2,b=1 in (2,1),c="ab" =~ /^a/,e="ab" !~ /^a/' select a,b,c,e -o json
{"a":1,"b":true,"c":true,"e":false}

$ printf 'grüße\n' | dstream map 'n=len($1),u=upper($1),s=substr($1,-2)' select n,u,s
5	GRÜSSE	ße

$ printf 'f(a,b) = a*10+b\n' > x; echo '4 2' | dstream -x x map 'v=f($1,$2)' select v
42

$ printf 'a 1\n' > c.chain; printf '# words\n| filter "$2 > 0"\n| map x=$2+1\nselect x\n' > s; dstream -f s c.chain
2
