# Formats of one's own, in formats.toml.

$ mkdir dstream; printf '%s\n' '[shop]' 'description = "what the tills write"' 'format = "csv"' 'delimiter = ";"' 'time = "sold:%d.%m.%Y"' '' '[app]' "format = 'grok:^%{WORD:level} order=%{ORDER:order}'" 'multiline = "indent"' "patterns.ORDER = '[A-Z]{2}-%{INT}'" > dstream/formats.toml
$ export XDG_CONFIG_HOME=$PWD; printf 'sold;n\n31.12.2024;2\n01.01.2025;3\n' > till; dstream -i shop window 1d reduce sum:n till
2024-12-31T00:00:00Z	2
2025-01-01T00:00:00Z	3
$ export XDG_CONFIG_HOME=$PWD; printf 'WARN order=AB-12\n more\nINFO order=CD-3\n' | dstream -i app select order,@line -o json
{"order":"AB-12","@line":1}
{"order":"CD-3","@line":3}

# The command line goes before the file.
$ mkdir dstream; printf '[shop]\nformat = "csv"\ndelimiter = ";"\n' > dstream/formats.toml; printf 'a,b\n1,2\n' | XDG_CONFIG_HOME=$PWD dstream -i shop -d , select b
2

# A checkpoint is bound to what the format says, not to its name.
$ mkdir dstream; printf '[one]\nformat = "csv"\n[two]\nformat = "csv"\n' > dstream/formats.toml; printf 'a\n1\n' > in; XDG_CONFIG_HOME=$PWD dstream --once --checkpoint ck -i one reduce sum:a in
$ printf '2\n' >> in; XDG_CONFIG_HOME=$PWD dstream --once --final --checkpoint ck -i two reduce sum:a in
3
$ printf '[two]\nformat = "csv"\ndelimiter = ";"\n' > dstream/formats.toml; XDG_CONFIG_HOME=$PWD dstream --once --checkpoint ck -i two reduce sum:a in
dstream: the checkpoint 'ck' is of another chain:
  - parse     csv
  + parse     csv -d ;
    time      none
    aggregate aggs sum(number(a)) as sum_a   scope forever
name another file, begin anew with --checkpoint-reset, or keep the state that fits with --checkpoint-adopt
? 65

# Without the file, and with --no-config, the name is unknown.
$ XDG_CONFIG_HOME=$PWD dstream -i shop count
dstream: -i: no format 'shop'
    formats that can be read: combined common csv grok json lines logfmt regex syslog text tsv
    dstream -i shop count
               ^^^^
? 2
$ mkdir dstream; printf '[shop]\nformat = "csv"\n' > dstream/formats.toml; XDG_CONFIG_HOME=$PWD dstream --no-config -i shop count
dstream: -i: no format 'shop'
    formats that can be read: combined common csv grok json lines logfmt regex syslog text tsv
    dstream --no-config -i shop count
                           ^^^^
? 2
$ XDG_CONFIG_HOME=$PWD dstream -i shpo count 2>&1 | sed "s|$PWD|HERE|"
dstream: -i: no format 'shpo'; did you mean 'shop' of HERE/dstream/formats.toml?
    dstream -i shpo count
               ^^^^
$ XDG_CONFIG_HOME=$PWD dstream -i shop:x count 2>&1 | sed "s|$PWD|HERE|"
dstream: -i: the format shop of HERE/dstream/formats.toml takes nothing behind a colon
    dstream -i shop:x count
            ^^

# Mistakes have file, line and remedy, and are only felt by who names a format of the file.
$ mkdir dstream; printf '[shop]\nformat = "csv"\ndelimeter = ";"\n' > dstream/formats.toml; export XDG_CONFIG_HOME=$PWD; dstream -i shop count 2>&1 | sed "s|$PWD|HERE|"; echo a | dstream -i text count
dstream: HERE/dstream/formats.toml:3: no key 'delimeter'; did you mean 'delimiter'?
    delimeter = ";"
    ^^^^^^^^^
1
$ printf '[csv]\nformat = "tsv"\n' > dstream/formats.toml; XDG_CONFIG_HOME=$PWD dstream -i shop count 2>&1 | sed "s|$PWD|HERE|"
dstream: HERE/dstream/formats.toml:1: there is a format 'csv' already; give yours another name
    [csv]
     ^^^
$ printf '[a]\nformat = "grok:%%{A:x}"\npatterns.A = "%%{B}"\npatterns.B = "%%{A}"\n' > dstream/formats.toml; XDG_CONFIG_HOME=$PWD dstream -i a count 2>&1 | sed "s|$PWD|HERE|"
dstream: HERE/dstream/formats.toml:2: grok: the pattern 'A' leads back to itself: A > B > A
    format = "grok:%{A:x}"
             ^^^^^^^^^^^^^
$ printf '[a]\nformat = csv\n' > dstream/formats.toml; XDG_CONFIG_HOME=$PWD dstream -i a count 2>&1 | sed "s|$PWD|HERE|"
dstream: HERE/dstream/formats.toml:2: string values must be quoted, expected literal string
    format = csv
             ^^^

# Help and completion know them.
$ mkdir dstream; printf '[shop]\nformat = "csv"\ndescription = "tills"\n' > dstream/formats.toml; export XDG_CONFIG_HOME=$PWD; dstream help formats | sed "s|$PWD|HERE|" | tail -2; dstream --complete -i sh
Your own, of HERE/dstream/formats.toml:
  shop         tills
shop
