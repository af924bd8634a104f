//! awk, sort, uniq, jq and python3 as judges of the main jobs, over tests/data and, where they lie beside the
//! crate, over the whole files. Each job is the command a user types and the judge's, and both answers are
//! compared byte for byte. Refuses jobs without an outside judge. Invariant: no answer is computed here.

use super::session::{self, Scratch, Setting};
use std::path::{Path, PathBuf};

/// The excerpts, and the whole files where there are any.
fn places() -> Vec<PathBuf> {
    let mut places = vec![session::root().join("tests/data")];
    match session::big_data() {
        Some(path) => places.push(path),
        None => println!("skipped: the whole files are not beside the crate"),
    }
    places
}

/// The jobs: what is typed, and the judge that answers the same. `$DATA` is where the files are.
fn judge(jobs: &[(&str, &str)]) {
    for place in places() {
        for (ours, theirs) in jobs {
            judge_one(&place, ours, theirs);
        }
    }
}

fn judge_one(place: &Path, ours: &str, theirs: &str) {
    let scratch = Scratch::new();
    let answer = |command: &str, setting| {
        let output = session::bash(command, &scratch.0, setting)
            .env("DATA", place)
            .output()
            .expect("bash is there");
        (String::from_utf8_lossy(&output.stdout).into_owned(), output)
    };
    let (expected, judged) = answer(theirs, None);
    assert!(
        judged.status.success(),
        "the judge failed: {theirs}\n{judged:?}"
    );
    assert!(!expected.is_empty(), "the judge says nothing: {theirs}");
    let odd = Setting {
        workers: 3,
        block: 4096,
        epoch: Some(7),
    };
    for setting in [None, Some(odd)] {
        let (actual, output) = answer(ours, setting);
        let said = String::from_utf8_lossy(&output.stderr);
        if let Some(difference) = first_difference(&actual, &expected) {
            panic!(
                "{}\n$ {ours}\n{said}differs from\n$ {theirs}\n{difference}\nstatus {:?}",
                place.display(),
                output.status.code()
            );
        }
    }
}

fn first_difference(actual: &str, expected: &str) -> Option<String> {
    if actual == expected {
        return None;
    }
    let mut ours = actual.lines();
    let mut theirs = expected.lines();
    for number in 1.. {
        let (one, other) = (ours.next(), theirs.next());
        if one != other || one.is_none() {
            return Some(format!(
                "line {number}\n    ours   {one:?}\n    theirs {other:?}"
            ));
        }
    }
    None
}

#[test]
fn lines_are_counted_as_sort_and_uniq_count_them() {
    judge(&[
        (
            "dstream count-by-key $DATA/apache_logs.log",
            r#"sort $DATA/apache_logs.log | uniq -c | sed -E 's/\\/\\\\/g; s/^ *([0-9]+) (.*)$/\2\t\1/'"#,
        ),
        (
            "cat $DATA/apache_logs.log | dstream count",
            "wc -l < $DATA/apache_logs.log",
        ),
        (
            "dstream distinct $DATA/apache_logs.log",
            "awk '!seen[$0]++' $DATA/apache_logs.log",
        ),
    ]);
}

#[test]
fn an_access_log() {
    judge(&[
        (
            "dstream -i combined count-by status $DATA/apache_logs.log",
            r#"sed -E 's/^[^"]*"([^"\\]|\\.)*" ([0-9]+) .*/\2/' $DATA/apache_logs.log | sort | uniq -c | awk '{print $2 "\t" $1}'"#,
        ),
        (
            "dstream -i combined window 1h count-by status $DATA/apache_logs.log",
            r#"sed -E 's/^[^[]*\[([^]]*)\] "([^"\\]|\\.)*" ([0-9]+) .*/\1 \3/' $DATA/apache_logs.log |
               awk '{split($1, t, /[\/:]/); print t[3] "-05-" t[1] "T" t[4] ":00:00Z\t" $3}' | sort | uniq -c |
               awk '{print $2 "\t" $3 "\t" $1}'"#,
        ),
        (
            "dstream -i combined count-by path top 10 $DATA/apache_logs.log",
            r#"awk '{p = $7; sub(/\?.*/, "", p); n[p]++} END {for (p in n) print p "\t" n[p]}' $DATA/apache_logs.log |
               sort -t '	' -k2,2nr -k1,1 | head -10"#,
        ),
        (
            "dstream -i combined filter 'status >= 400' reduce-by path n=count,bytes=sum:bytes top 5 $DATA/apache_logs.log",
            r#"awk '{p = $7; sub(/\?.*/, "", p)} $9 >= 400 {n[p]++; if ($10 != "-") {b[p] += $10; some[p] = 1}}
                    END {for (p in n) print p "\t" n[p] "\t" (some[p] ? b[p] : "")}' $DATA/apache_logs.log |
               sort -t '	' -k2,2nr -k1,1 | head -5"#,
        ),
        (
            "dstream filter '/\" 404 /' $DATA/apache_logs.log",
            "grep '\" 404 ' $DATA/apache_logs.log",
        ),
        (
            "dstream -i combined filter 'status == 404' $DATA/apache_logs.log",
            "grep -E '^[^\"]*\"([^\"\\\\]|\\\\.)*\" 404 ' $DATA/apache_logs.log",
        ),
    ]);
}

#[test]
fn earthquakes_by_day() {
    if !session::has("python3") {
        return;
    }
    let job = "dstream -i csv --time DateTime window 1d --tz UTC reduce-by MagType n=count,sum:Magnitude,max:Magnitude,min:Depth $DATA/earthquakes.csv";
    let judge_text = r#"python3 - <<'END'
import csv, os
from decimal import Decimal
groups = {}
for row in csv.DictReader(open(os.environ['DATA'] + '/earthquakes.csv', newline='')):
    day = row['DateTime'][:10].replace('/', '-') + 'T00:00:00Z'
    groups.setdefault((day, row['MagType']), []).append(row)
def plain(n):
    text = format(n, 'f')
    return text.rstrip('0').rstrip('.') if '.' in text else text
for (day, kind), rows in sorted(groups.items()):
    values = [Decimal(r['Magnitude']) for r in rows if r['Magnitude']]
    largest = [r['Magnitude'] for r in rows if r['Magnitude']]
    depths = [r['Depth'] for r in rows if r['Depth']]
    pick = lambda texts, best: next((t for t in sorted(texts) if Decimal(t) == best(map(Decimal, texts))), '')
    print(day, kind, len(rows), plain(sum(values)) if values else '',
          pick(largest, max), pick(depths, min), sep='\t')
END"#;
    judge(&[(job, judge_text)]);
    let means = "dstream -i csv --time DateTime window 1d --tz UTC reduce-by MagType n=count,avg:Magnitude $DATA/earthquakes.csv";
    // The mean as the float that is nearest to the exact quotient.
    let judge_text = r#"python3 - <<'END'
import csv, os
from fractions import Fraction
groups = {}
for row in csv.DictReader(open(os.environ['DATA'] + '/earthquakes.csv', newline='')):
    day = row['DateTime'][:10].replace('/', '-') + 'T00:00:00Z'
    groups.setdefault((day, row['MagType']), []).append(row['Magnitude'])
for (day, kind), all in sorted(groups.items()):
    values = [Fraction(text) for text in all if text]
    mean = repr(float(sum(values) / len(values))) if values else ''
    print(day, kind, len(all), mean.removesuffix('.0'), sep='\t')
END"#;
    judge(&[(means, judge_text)]);
}

#[test]
fn nested_json() {
    if !session::has("jq") {
        return;
    }
    judge(&[
        (
            "dstream -i json select timestamp,connections.active $DATA/nginxplus.ndjson -o csv | tail -n +2",
            "jq -r '[.timestamp, .connections.active] | @csv' $DATA/nginxplus.ndjson",
        ),
        (
            "dstream -i json filter 'connections.active > 1' reduce 'n=count,top=max:connections.active,all=sum:requests.total' $DATA/nginxplus.ndjson",
            "jq -rs '[.[] | select(.connections.active > 1)] | [length, (map(.connections.active) | max), (map(.requests.total) | add)] | @tsv' $DATA/nginxplus.ndjson",
        ),
        (
            "dstream -i json select '`server_zones`.`hg.nginx.org`.requests' -o lines $DATA/nginxplus.ndjson",
            "jq -r '.server_zones[\"hg.nginx.org\"].requests' $DATA/nginxplus.ndjson",
        ),
        (
            "dstream -i json filter 'version == 6' $DATA/nginxplus.ndjson",
            "cat $DATA/nginxplus.ndjson",
        ),
    ]);
}

#[test]
fn break_in_attempts() {
    judge(&[
        (
            r"dstream parse 'Failed password for (invalid user )?(?<user>\S+) from (?<ip>\S+)' count-by ip top 10 $DATA/openssh.log",
            r#"sed -nE 's/.*Failed password for (invalid user )?([^ ]+) from ([^ ]+).*/\3/p' $DATA/openssh.log | tr -d '\r' |
               sort | uniq -c | awk '{print $2 "\t" $1}' | sort -t '	' -k2,2nr -k1,1 | head -10"#,
        ),
        (
            "dstream count-by '$5' $DATA/openssh.log",
            r#"tr -d '\r' < $DATA/openssh.log | awk '{print $5}' | sort | uniq -c | awk '{print $2 "\t" $1}'"#,
        ),
        (
            "dstream map 'n=NF' select n $DATA/openssh.log",
            "tr -d '\\r' < $DATA/openssh.log | awk '{print NF}'",
        ),
    ]);
}

#[test]
fn lines_that_match_pass_byte_for_byte() {
    judge(&[
        (
            "dstream filter '/ERROR|WARN/' $DATA/zookeeper.log | od -c",
            "grep -E 'ERROR|WARN' $DATA/zookeeper.log | od -c",
        ),
        (
            "dstream filter '/ERROR|WARN/' $DATA/zookeeper.log -o lines",
            "grep -E 'ERROR|WARN' $DATA/zookeeper.log | tr -d '\\r'",
        ),
        (
            "dstream -d , -i csv filter 'Magnitude > 5' $DATA/earthquakes.csv",
            "awk -F, 'NR == 1 || $5 > 5' $DATA/earthquakes.csv",
        ),
    ]);
}

#[test]
fn words_are_counted() {
    judge(&[
        (
            "dstream flat-map 'word=words(lower($0))' count-by word top 10 $DATA/zookeeper.log",
            r#"tr -d '\r' < $DATA/zookeeper.log | tr 'A-Z' 'a-z' | tr -s ' \t' '\n' | grep . | sort | uniq -c |
               awk '{print $2 "\t" $1}' | sort -t '	' -k2,2nr -k1,1 | head -10"#,
        ),
        (
            "dstream flat-map 'word=words(lower($0))' filter 'word =~ /^[a-z]/' count-by word sort-by count:desc,word $DATA/apache_logs.log",
            r#"tr 'A-Z' 'a-z' < $DATA/apache_logs.log | tr -s ' \t' '\n' | grep '^[a-z]' | sort | uniq -c |
               sed -E 's/^ *([0-9]+) (.*)$/\2\t\1/' | sort -t '	' -k2,2nr -k1,1"#,
        ),
    ]);
}

#[test]
fn formats_are_converted() {
    if !session::has("python3") {
        return;
    }
    let python = r#"python3 -c "
import csv, json, os, re
number = re.compile(r'-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?')
for row in csv.DictReader(open(os.environ['DATA'] + '/earthquakes.csv', newline='')):
    cells = ((json.dumps(k), v if number.fullmatch(v) else json.dumps(v)) for k, v in row.items())
    print('{' + ','.join(k + ':' + v for k, v in cells) + '}')
""#;
    judge(&[
        ("dstream -i csv -o json $DATA/earthquakes.csv", python),
        (
            "dstream -i csv -o json $DATA/earthquakes.csv | dstream -i json -o csv",
            "cat $DATA/earthquakes.csv",
        ),
        (
            "if dstream -qe filter '/ERROR/' $DATA/zookeeper.log; then echo yes; else echo no; fi",
            "if grep -q ERROR $DATA/zookeeper.log; then echo yes; else echo no; fi",
        ),
        (
            "gzip -c $DATA/apache_logs.log > a.gz; dstream count a.gz",
            "wc -l < $DATA/apache_logs.log",
        ),
    ]);
}

/// EVENT-TIME 2.2: how far records are behind the largest time before them. The log is out of order within each
/// minute.
#[test]
fn disorder_of_an_access_log() {
    if !session::has("python3") {
        return;
    }
    let job = "dstream -i combined --explain=disorder $DATA/apache_logs.log |
        awk 'NR == 2 {print $2, $3, $4, $5, $6, $7, $8} NR > 2 {print $2}'";
    let judge_text = r#"python3 - <<'END'
import datetime, os, re
largest, delays = None, []
for line in open(os.environ['DATA'] + '/apache_logs.log', errors='replace'):
    stamp = re.search(r'\[([^\]]*)\]', line).group(1)
    t = int(datetime.datetime.strptime(stamp, '%d/%b/%Y:%H:%M:%S %z').timestamp())
    delays.append(0 if largest is None else max(0, largest - t))
    largest = t if largest is None else max(largest, t)
delays.sort()
n = len(delays)
# The least delay that so many of a thousand records do not exceed.
bound = lambda permille: f'{delays[-(-n * permille // 1000) - 1]}s'
print(f'{n:,}', f'{sum(d > 0 for d in delays):,}', *map(bound, (500, 900, 990, 999, 1000)))
for permille in (990, 999, 1000):
    print(bound(permille) + ':')
END"#;
    judge(&[(job, judge_text)]);
}

/// EVENT-TIME 2.4: which records are late for windows of a minute and of an hour, and what is counted of the rest,
/// by the watermark that the records before each made.
#[test]
fn late_records_of_an_access_log() {
    if !session::has("python3") {
        return;
    }
    let judge_text = r#"python3 - $BOUND $SIZE <<'END'
import datetime, os, re, sys
bound, size = map(int, sys.argv[1:])
largest, late, counts = None, 0, {}
for line in open(os.environ['DATA'] + '/apache_logs.log', errors='replace'):
    stamp = re.search(r'\[([^\]]*)\]', line).group(1)
    t = int(datetime.datetime.strptime(stamp, '%d/%b/%Y:%H:%M:%S %z').timestamp())
    start = t // size * size
    if largest is not None and largest - bound >= start + size:
        late += 1
    else:
        counts[start] = counts.get(start, 0) + 1
    largest = t if largest is None else max(largest, t)
for start, n in sorted(counts.items()):
    print(datetime.datetime.fromtimestamp(start, datetime.UTC).strftime('%Y-%m-%dT%H:%M:%SZ'), n, sep='\t')
print(f'"late":{late}')
END"#;
    let mut jobs = Vec::new();
    for bound in [0, 30, 60] {
        for size in [60, 3600] {
            let job = format!(
                "dstream -i combined --watermark {bound}s window {size}s count --stats=json $DATA/apache_logs.log 2>told;
                 grep -o '\"late\":[0-9]*' told | tail -1"
            );
            let theirs = judge_text
                .replace("$BOUND", &bound.to_string())
                .replace("$SIZE", &size.to_string());
            jobs.push((job, theirs));
        }
    }
    let jobs: Vec<(&str, &str)> = jobs
        .iter()
        .map(|(ours, theirs)| (ours.as_str(), theirs.as_str()))
        .collect();
    judge(&jobs);
}
