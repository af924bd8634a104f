# INTERFACE 15: chains as queries of Spark and Flink. tests/spark compares what Spark answers where one is at hand.

# The example of the interface.
$ dstream -i json --time ts --watermark 30s filter 'level=="error"' window 1m --slide 10s reduce-by route n=count,p95:ms filter 'n>100' --explain=spark-sql < $DATA/app.ndjson
-- Spark SQL, 3.5 or later
SET spark.sql.ansi.enabled = false;
SET TIME ZONE 'UTC';
-- times are read as RFC 3339; dstream reads the other spellings of --time, too
CREATE TEMPORARY VIEW src_lines USING text OPTIONS (path '/dev/stdin');
CREATE TEMPORARY VIEW src AS
SELECT get_json_object(value, '$.ts') AS ts,
       get_json_object(value, '$.level') AS level,
       get_json_object(value, '$.route') AS route,
       get_json_object(value, '$.ms') AS ms,
       try_to_timestamp(get_json_object(value, '$.ts')) AS event_time
FROM src_lines;
-- on a stream: src.withWatermark("event_time", "30 seconds")
SELECT window.start AS window_start, route, count(*) AS n, percentile_approx(TRY_CAST(ms AS DOUBLE), 0.95) AS p95_ms
FROM src
WHERE level = 'error'
GROUP BY window(event_time, '1 minute', '10 seconds'), route
HAVING count(*) > 100;
$ dstream -i json --time ts --watermark 30s filter 'level=="error"' window 1m --slide 10s reduce-by route n=count,p95:ms filter 'n>100' --explain=flink-sql < $DATA/app.ndjson
-- Flink SQL, 2.0 or later
SET 'execution.runtime-mode' = 'batch';
SET 'table.local-time-zone' = 'UTC';
-- times are read as RFC 3339; dstream reads the other spellings of --time, too
CREATE TABLE src (
  line STRING,
  ts AS JSON_VALUE(line, '$.ts'),
  `level` AS JSON_VALUE(line, '$.level'),
  route AS JSON_VALUE(line, '$.route'),
  ms AS JSON_VALUE(line, '$.ms'),
  event_time AS CAST(TO_TIMESTAMP(REPLACE(REGEXP_EXTRACT(JSON_VALUE(line, '$.ts'), '^([0-9-]+[ T][0-9:.]+)', 1), 'T', ' ')) AS TIMESTAMP_LTZ(3)),
  WATERMARK FOR event_time AS event_time - INTERVAL '30' SECOND
) WITH ('connector' = 'filesystem', 'path' = '/dev/stdin', 'format' = 'raw');
SELECT window_start, route, COUNT(*) AS n, PERCENTILE(TRY_CAST(ms AS DOUBLE), 0.95) AS p95_ms
FROM TABLE(HOP(TABLE src, DESCRIPTOR(event_time), INTERVAL '10' SECOND, INTERVAL '1' MINUTE))
WHERE `level` = 'error'
GROUP BY window_start, window_end, route
HAVING COUNT(*) > 100;

# Top pages, and the share of errors a minute: columns that are computed of aggregates are a view of their own.
$ dstream -i combined count-by path top 10 --explain=spark-sql < $DATA/access.log
-- Spark SQL, 3.5 or later
SET spark.sql.ansi.enabled = false;
CREATE TEMPORARY VIEW src_lines USING text OPTIONS (path '/dev/stdin');
CREATE TEMPORARY VIEW src AS
SELECT NULLIF(regexp_extract(value, '^[^"]*"\\S+ ([^ ?"]*)', 1), '') AS path
FROM src_lines;
SELECT path, count(*) AS count
FROM src
GROUP BY path
ORDER BY count(*) DESC, path IS NOT NULL AND TRY_CAST(path AS DOUBLE) IS NULL, TRY_CAST(path AS DOUBLE), path
LIMIT 10;
$ dstream -i combined window 1m reduce 'n=count,bad=count_if:status>=500' map 'pct=100*bad/n' --explain=flink-sql < $DATA/access.log
-- Flink SQL, 2.0 or later
SET 'execution.runtime-mode' = 'batch';
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE src (
  line STRING,
  `time` AS NULLIF(REGEXP_EXTRACT(line, '\[([^\]]+)\]', 1), ''),
  status AS NULLIF(REGEXP_EXTRACT(line, '^[^"]*"(?:[^"\\]|\\.)*" (\S+)', 1), ''),
  event_time AS CAST(TO_TIMESTAMP(NULLIF(REGEXP_EXTRACT(line, '\[([^\]]+)\]', 1), ''), 'dd/MMM/yyyy:HH:mm:ss Z') AS TIMESTAMP_LTZ(3))
) WITH ('connector' = 'filesystem', 'path' = '/dev/stdin', 'format' = 'raw');
CREATE TEMPORARY VIEW t1 AS
SELECT window_start, COUNT(*) AS n, COUNT(*) FILTER (WHERE TRY_CAST(status AS DOUBLE) >= 500) AS bad
FROM TABLE(TUMBLE(TABLE src, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end;
SELECT window_start, n, bad, CAST(100 * bad AS DOUBLE) / NULLIF(n, 0) AS pct
FROM t1;

# Words: explode and UNNEST.
$ printf '' | dstream flat-map 'word=words(lower($0))' --time arrival window 10s count-by word top 10 --explain=flink-sql
-- Flink SQL, 2.0 or later
SET 'execution.runtime-mode' = 'streaming';
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE src (
  line STRING,
  proc_time AS PROCTIME()
) WITH ('connector' = 'filesystem', 'path' = '/dev/stdin', 'format' = 'raw');
CREATE TEMPORARY VIEW t1 AS
SELECT proc_time, line, SPLIT(NULLIF(TRIM(REGEXP_REPLACE(LOWER(line), '\s+', ' ')), ''), ' ') AS items
FROM src;
CREATE TEMPORARY VIEW t2 AS
SELECT proc_time, word
FROM t1 CROSS JOIN UNNEST(items) AS u (word);
CREATE TEMPORARY VIEW t3 AS
SELECT window_start, window_end, word, COUNT(*) AS `count`
FROM TABLE(TUMBLE(TABLE t2, DESCRIPTOR(proc_time), INTERVAL '10' SECOND))
GROUP BY window_start, window_end, word;
CREATE TEMPORARY VIEW t4 AS
SELECT window_start, window_end, word, `count`, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY `count` DESC, word IS NOT NULL AND TRY_CAST(word AS DOUBLE) IS NULL, TRY_CAST(word AS DOUBLE), word) AS row_rank
FROM t3;
SELECT window_start, word, `count`
FROM t4
WHERE row_rank <= 10;
$ printf '' | dstream flat-map 'word=words(lower($0))' count-by word top 10 --explain=spark-sql
-- Spark SQL, 3.5 or later
SET spark.sql.ansi.enabled = false;
CREATE TEMPORARY VIEW src_lines USING text OPTIONS (path '/dev/stdin');
CREATE TEMPORARY VIEW src AS
SELECT value AS line
FROM src_lines;
SELECT word, count(*) AS count
FROM src LATERAL VIEW explode(filter(split(lower(line), '\\s+'), word -> word <> '')) items AS word
GROUP BY word
ORDER BY count(*) DESC, word IS NOT NULL AND TRY_CAST(word AS DOUBLE) IS NULL, TRY_CAST(word AS DOUBLE), word
LIMIT 10;

# Sessions, days by the local clock, windows of windows.
$ dstream -i combined session-window 30m reduce-by host pages=count,last:path,span --explain=spark-sql < $DATA/access.log
-- Spark SQL, 3.5 or later
SET spark.sql.ansi.enabled = false;
SET TIME ZONE 'UTC';
CREATE TEMPORARY VIEW src_lines USING text OPTIONS (path '/dev/stdin');
CREATE TEMPORARY VIEW src AS
SELECT NULLIF(regexp_extract(value, '^(\\S+)', 1), '') AS host,
       NULLIF(regexp_extract(value, '\\[([^\\]]+)\\]', 1), '') AS `time`,
       NULLIF(regexp_extract(value, '^[^"]*"\\S+ ([^ ?"]*)', 1), '') AS path,
       try_to_timestamp(NULLIF(regexp_extract(value, '\\[([^\\]]+)\\]', 1), ''), 'dd/MMM/yyyy:HH:mm:ss Z') AS event_time
FROM src_lines;
SELECT session_window.start AS window_start, session_window.end AS window_end, host, count(*) AS pages, max_by(path, event_time) FILTER (WHERE path IS NOT NULL) AS last_path, max(event_time) - min(event_time) AS span
FROM src
GROUP BY session_window(event_time, '30 minutes'), host;
$ dstream -i combined filter 'status==200' session-window 30m reduce-by host pages=count --explain=flink-sql < $DATA/access.log
-- Flink SQL, 2.0 or later
SET 'execution.runtime-mode' = 'batch';
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE src (
  line STRING,
  host AS NULLIF(REGEXP_EXTRACT(line, '^(\S+)', 1), ''),
  `time` AS NULLIF(REGEXP_EXTRACT(line, '\[([^\]]+)\]', 1), ''),
  status AS NULLIF(REGEXP_EXTRACT(line, '^[^"]*"(?:[^"\\]|\\.)*" (\S+)', 1), ''),
  event_time AS CAST(TO_TIMESTAMP(NULLIF(REGEXP_EXTRACT(line, '\[([^\]]+)\]', 1), ''), 'dd/MMM/yyyy:HH:mm:ss Z') AS TIMESTAMP_LTZ(3))
) WITH ('connector' = 'filesystem', 'path' = '/dev/stdin', 'format' = 'raw');
CREATE TEMPORARY VIEW t1 AS
SELECT event_time, host
FROM src
WHERE TRY_CAST(status AS DOUBLE) = 200;
SELECT window_start, window_end, host, COUNT(*) AS pages
FROM TABLE(SESSION(TABLE t1 PARTITION BY host, DESCRIPTOR(event_time), INTERVAL '30' MINUTE))
GROUP BY window_start, window_end, host;
$ dstream -i combined --tz Europe/Berlin window day count --explain=spark-sql < $DATA/access.log
-- Spark SQL, 3.5 or later
SET spark.sql.ansi.enabled = false;
SET TIME ZONE 'Europe/Berlin';
CREATE TEMPORARY VIEW src_lines USING text OPTIONS (path '/dev/stdin');
CREATE TEMPORARY VIEW src AS
SELECT NULLIF(regexp_extract(value, '\\[([^\\]]+)\\]', 1), '') AS `time`,
       try_to_timestamp(NULLIF(regexp_extract(value, '\\[([^\\]]+)\\]', 1), ''), 'dd/MMM/yyyy:HH:mm:ss Z') AS event_time
FROM src_lines;
SELECT date_trunc('DAY', event_time) AS window_start, count(*) AS count
FROM src
GROUP BY date_trunc('DAY', event_time);
$ dstream -i combined --watermark 5s window 10s count-by host window 1m reduce max:count --explain=flink-sql < $DATA/access.log
-- Flink SQL, 2.0 or later
SET 'execution.runtime-mode' = 'batch';
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE src (
  line STRING,
  host AS NULLIF(REGEXP_EXTRACT(line, '^(\S+)', 1), ''),
  `time` AS NULLIF(REGEXP_EXTRACT(line, '\[([^\]]+)\]', 1), ''),
  event_time AS CAST(TO_TIMESTAMP(NULLIF(REGEXP_EXTRACT(line, '\[([^\]]+)\]', 1), ''), 'dd/MMM/yyyy:HH:mm:ss Z') AS TIMESTAMP_LTZ(3)),
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '/dev/stdin', 'format' = 'raw');
CREATE TEMPORARY VIEW t1 AS
SELECT window_time AS event_time, COUNT(*) AS `count`
FROM TABLE(TUMBLE(TABLE src, DESCRIPTOR(event_time), INTERVAL '10' SECOND))
GROUP BY window_start, window_end, host, window_time;
SELECT window_start, MAX(`count`) AS max_count
FROM TABLE(TUMBLE(TABLE t1, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end;

# A ranking of each window; whole records; sorting by text that may be numbers.
$ dstream -i combined window 1h count-by path top 2 --rank --explain=flink-sql < $DATA/access.log
-- Flink SQL, 2.0 or later
SET 'execution.runtime-mode' = 'batch';
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE src (
  line STRING,
  `time` AS NULLIF(REGEXP_EXTRACT(line, '\[([^\]]+)\]', 1), ''),
  `path` AS NULLIF(REGEXP_EXTRACT(line, '^[^"]*"\S+ ([^ ?"]*)', 1), ''),
  event_time AS CAST(TO_TIMESTAMP(NULLIF(REGEXP_EXTRACT(line, '\[([^\]]+)\]', 1), ''), 'dd/MMM/yyyy:HH:mm:ss Z') AS TIMESTAMP_LTZ(3))
) WITH ('connector' = 'filesystem', 'path' = '/dev/stdin', 'format' = 'raw');
CREATE TEMPORARY VIEW t1 AS
SELECT window_start, window_end, `path`, COUNT(*) AS `count`
FROM TABLE(TUMBLE(TABLE src, DESCRIPTOR(event_time), INTERVAL '1' HOUR))
GROUP BY window_start, window_end, `path`;
CREATE TEMPORARY VIEW t2 AS
SELECT window_start, window_end, `path`, `count`, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY `count` DESC, `path` IS NOT NULL AND TRY_CAST(`path` AS DOUBLE) IS NULL, TRY_CAST(`path` AS DOUBLE), `path`) AS row_rank
FROM t1;
SELECT window_start, `path`, `count`, row_rank AS `rank`
FROM t2
WHERE row_rank <= 2;
$ dstream -i csv top 3 --by qty,price:asc --per region select region,qty,price --explain=spark-sql < $DATA/orders.csv
-- Spark SQL, 3.5 or later
SET spark.sql.ansi.enabled = false;
CREATE TEMPORARY VIEW src USING csv OPTIONS (path '/dev/stdin', header 'true', sep ',', escape '"');
CREATE TEMPORARY VIEW t1 AS
SELECT region, qty, price, ROW_NUMBER() OVER (PARTITION BY region ORDER BY qty IS NOT NULL AND TRY_CAST(qty AS DOUBLE) IS NULL DESC, TRY_CAST(qty AS DOUBLE) DESC, qty DESC, price IS NOT NULL AND TRY_CAST(price AS DOUBLE) IS NULL, TRY_CAST(price AS DOUBLE), price) AS row_rank
FROM src;
SELECT region, qty, price
FROM t1
WHERE row_rank <= 3;
$ dstream -i csv sort-by region,qty:desc head 5 --explain=spark-sql < $DATA/orders.csv
-- Spark SQL, 3.5 or later
SET spark.sql.ansi.enabled = false;
CREATE TEMPORARY VIEW src USING csv OPTIONS (path '/dev/stdin', header 'true', sep ',', escape '"');
SELECT `time`, region, product, qty, price
FROM src
ORDER BY region IS NOT NULL AND TRY_CAST(region AS DOUBLE) IS NULL, TRY_CAST(region AS DOUBLE), region, qty IS NOT NULL AND TRY_CAST(qty AS DOUBLE) IS NULL DESC, TRY_CAST(qty AS DOUBLE) DESC, qty DESC
LIMIT 5;

# Joins: in a time, of tables, without a match.
$ printf '{"ts":"2026-11-20T10:00:00Z","id":1}\n' > clicks.ndjson; printf '{"ts":"2026-11-20T10:00:00Z","id":1,"campaign":"x"}\n' | dstream -i json --time ts join clicks.ndjson --left --on id --within -1m..5m --as c select campaign,c.ts --explain=spark-sql
-- Spark SQL, 3.5 or later
SET spark.sql.ansi.enabled = false;
SET TIME ZONE 'UTC';
-- times are read as RFC 3339; dstream reads the other spellings of --time, too
CREATE TEMPORARY VIEW src_lines USING text OPTIONS (path '/dev/stdin');
CREATE TEMPORARY VIEW src AS
SELECT get_json_object(value, '$.ts') AS ts,
       get_json_object(value, '$.id') AS id,
       get_json_object(value, '$.campaign') AS campaign,
       try_to_timestamp(get_json_object(value, '$.ts')) AS event_time
FROM src_lines;
-- on a stream: src.withWatermark("event_time", "5 seconds")
-- times are read as RFC 3339; dstream reads the other spellings of --time, too
CREATE TEMPORARY VIEW clicks_lines USING text OPTIONS (path 'clicks.ndjson');
CREATE TEMPORARY VIEW clicks AS
SELECT get_json_object(value, '$.ts') AS ts,
       get_json_object(value, '$.id') AS id,
       get_json_object(value, '$.campaign') AS campaign,
       try_to_timestamp(get_json_object(value, '$.ts')) AS event_time
FROM clicks_lines;
SELECT COALESCE(l.campaign, r.campaign) AS campaign, r.ts AS `c.ts`
FROM src AS l LEFT JOIN clicks AS r ON l.id = r.id AND r.event_time BETWEEN l.event_time - INTERVAL '1' MINUTE AND l.event_time + INTERVAL '5' MINUTE;
$ printf 'ip,country\n1.2.3.4,DE\n' > geo.csv; dstream -i combined lookup geo.csv --on host=ip --anti count-by host --explain=flink-sql < $DATA/access.log
-- Flink SQL, 2.0 or later
SET 'execution.runtime-mode' = 'batch';
CREATE TABLE src (
  line STRING,
  host AS NULLIF(REGEXP_EXTRACT(line, '^(\S+)', 1), '')
) WITH ('connector' = 'filesystem', 'path' = '/dev/stdin', 'format' = 'raw');
-- Flink reads a header as a row: take it off the file first
CREATE TABLE geo (
  ip STRING,
  country STRING
) WITH ('connector' = 'filesystem', 'path' = 'geo.csv', 'format' = 'csv', 'csv.field-delimiter' = ',');
SELECT l.host AS host, COUNT(*) AS `count`
FROM src AS l
WHERE NOT EXISTS (SELECT 1 FROM geo AS r WHERE l.host = r.ip)
GROUP BY l.host;
$ printf 'cur,rate\nEUR,1\n' > rates.csv; printf 'cur,amount\nEUR,3\n' > sums.csv; dstream -i csv join rates.csv --on cur map 'x=amount*rate' select cur,x --explain=flink-sql sums.csv
-- Flink SQL, 2.0 or later
SET 'execution.runtime-mode' = 'batch';
-- Flink reads a header as a row: take it off the file first
CREATE TABLE src (
  cur STRING,
  amount STRING
) WITH ('connector' = 'filesystem', 'path' = 'sums.csv', 'format' = 'csv', 'csv.field-delimiter' = ',');
-- Flink reads a header as a row: take it off the file first
CREATE TABLE rates (
  cur STRING,
  rate STRING
) WITH ('connector' = 'filesystem', 'path' = 'rates.csv', 'format' = 'csv', 'csv.field-delimiter' = ',');
SELECT l.cur AS cur, TRY_CAST(l.amount AS DOUBLE) * TRY_CAST(r.rate AS DOUBLE) AS x
FROM src AS l JOIN rates AS r ON l.cur = r.cur;

# Running functions and duplicates go by the order of input, which Flink has.
$ dstream -i csv scan-by product d=delta:qty,s=cumsum:qty,m=avg:qty:-2..0 --explain=flink-sql < $DATA/orders.csv
-- Flink SQL, 2.0 or later
SET 'execution.runtime-mode' = 'batch';
-- Flink reads a header as a row: take it off the file first
CREATE TABLE src (
  `time` STRING,
  region STRING,
  product STRING,
  qty STRING,
  price STRING,
  proc_time AS PROCTIME()
) WITH ('connector' = 'filesystem', 'path' = '/dev/stdin', 'format' = 'csv', 'csv.field-delimiter' = ',');
SELECT `time`, region, product, qty, price, TRY_CAST(qty AS DOUBLE) - LAG(TRY_CAST(qty AS DOUBLE), 1) OVER (PARTITION BY product ORDER BY proc_time) AS d, SUM(TRY_CAST(qty AS DOUBLE)) OVER (PARTITION BY product ORDER BY proc_time ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s, AVG(TRY_CAST(qty AS DOUBLE)) OVER (PARTITION BY product ORDER BY proc_time ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS `m`
FROM src;
$ dstream -i csv scan-by product d=delta:qty --explain=spark-sql < $DATA/orders.csv
-- Spark SQL, 3.5 or later
SET spark.sql.ansi.enabled = false;
CREATE TEMPORARY VIEW src USING csv OPTIONS (path '/dev/stdin', header 'true', sep ',', escape '"');
-- 'scan-by product d=delta:qty': no counterpart in Spark SQL: running functions are not on streams, and tables have no order of input
-- up to there:
SELECT `time`, region, product, qty, price
FROM src;
$ dstream -i csv distinct-by product select product,qty --explain=flink-sql < $DATA/orders.csv
-- Flink SQL, 2.0 or later
SET 'execution.runtime-mode' = 'batch';
-- Flink reads a header as a row: take it off the file first
CREATE TABLE src (
  `time` STRING,
  region STRING,
  product STRING,
  qty STRING,
  price STRING,
  proc_time AS PROCTIME()
) WITH ('connector' = 'filesystem', 'path' = '/dev/stdin', 'format' = 'csv', 'csv.field-delimiter' = ',');
CREATE TEMPORARY VIEW t1 AS
SELECT proc_time, product, qty, ROW_NUMBER() OVER (PARTITION BY product ORDER BY proc_time ASC) AS row_place
FROM src;
SELECT product, qty
FROM t1
WHERE row_place = 1;
$ dstream distinct --explain=spark-sql < $DATA/zookeeper.log
-- Spark SQL, 3.5 or later
SET spark.sql.ansi.enabled = false;
CREATE TEMPORARY VIEW src_lines USING text OPTIONS (path '/dev/stdin');
CREATE TEMPORARY VIEW src AS
SELECT value AS line
FROM src_lines;
CREATE TEMPORARY VIEW t1 AS
SELECT DISTINCT line
FROM src;
SELECT line
FROM t1;

# Names, literals and patterns.
$ printf 'Order,user id,a`b\n' | dstream -i csv filter 'Order == "it'"'"'s \\ 5" and `user id` =~ /^\d+$/' select '`user id`,`a``b`' --explain=spark-sql
-- Spark SQL, 3.5 or later
SET spark.sql.ansi.enabled = false;
CREATE TEMPORARY VIEW src USING csv OPTIONS (path '/dev/stdin', header 'true', sep ',', escape '"');
SELECT `user id`, `a``b`
FROM src
WHERE `Order` = 'it\'s \\ 5' AND `user id` RLIKE '(?U)^\\d+$';
$ printf 'Order,user id,a`b\n' | dstream -i csv filter 'Order == "it'"'"'s \\ 5" and `user id` =~ /^\d+$/' select '`user id`,`a``b`' --explain=flink-sql
-- Flink SQL, 2.0 or later
SET 'execution.runtime-mode' = 'streaming';
-- Flink reads a header as a row: take it off the file first
CREATE TABLE src (
  `Order` STRING,
  `user id` STRING,
  `a``b` STRING
) WITH ('connector' = 'filesystem', 'path' = '/dev/stdin', 'format' = 'csv', 'csv.field-delimiter' = ',');
SELECT `user id`, `a``b`
FROM src
WHERE `Order` = 'it''s \ 5' AND REGEXP(`user id`, '(?U)^\d+$');
$ printf 'a b\n' | dstream -i 'regex:(?<first_name>\S+) (?<n>\d+)' map 'r=n%7,q=div(n,2),c=n > first_name' select r,q,c --explain=flink-sql
-- Flink SQL, 2.0 or later
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE src (
  line STRING,
  first_name AS NULLIF(REGEXP_EXTRACT(line, '(?U)(\S+) (\d+)', 1), ''),
  n AS NULLIF(REGEXP_EXTRACT(line, '(?U)(\S+) (\d+)', 2), '')
) WITH ('connector' = 'filesystem', 'path' = '/dev/stdin', 'format' = 'raw');
SELECT TRY_CAST(n AS DOUBLE) - 7 * TRUNCATE(CAST(TRY_CAST(n AS DOUBLE) AS DOUBLE) / 7, 0) AS r, CAST(CAST(TRY_CAST(n AS DOUBLE) AS DOUBLE) / NULLIF(2, 0) AS BIGINT) AS q, CASE WHEN TRY_CAST(n AS DOUBLE) IS NOT NULL AND TRY_CAST(first_name AS DOUBLE) IS NOT NULL THEN TRY_CAST(n AS DOUBLE) > TRY_CAST(first_name AS DOUBLE) ELSE n > first_name END AS `c`
FROM src;
$ printf '' | dstream parse 'user (?<user>\S+) from (?P<ip>[0-9.]+)' --field '$0' count-by user,ip --explain=spark-sql
-- Spark SQL, 3.5 or later
SET spark.sql.ansi.enabled = false;
CREATE TEMPORARY VIEW src_lines USING text OPTIONS (path '/dev/stdin');
CREATE TEMPORARY VIEW src AS
SELECT value AS line
FROM src_lines;
CREATE TEMPORARY VIEW t1 AS
SELECT regexp_extract(line, 'user (\\S+) from ([0-9.]+)', 1) AS `user`, regexp_extract(line, 'user (\\S+) from ([0-9.]+)', 2) AS ip
FROM src
WHERE line RLIKE 'user (\\S+) from ([0-9.]+)';
SELECT `user`, ip, count(*) AS count
FROM t1
GROUP BY `user`, ip;

# What has no counterpart is named, and what stands before it is translated.
$ dstream -i csv --time time filter 'qty>2' match 'a next b' count --explain=flink-sql < $DATA/orders.csv
-- Flink SQL, 2.0 or later
SET 'execution.runtime-mode' = 'batch';
SET 'table.local-time-zone' = 'UTC';
-- times are read as RFC 3339; dstream reads the other spellings of --time, too
-- Flink reads a header as a row: take it off the file first
CREATE TABLE src (
  `time` STRING,
  region STRING,
  product STRING,
  qty STRING,
  price STRING,
  event_time AS CAST(TO_TIMESTAMP(REPLACE(REGEXP_EXTRACT(`time`, '^([0-9-]+[ T][0-9:.]+)', 1), 'T', ' ')) AS TIMESTAMP_LTZ(3))
) WITH ('connector' = 'filesystem', 'path' = '/dev/stdin', 'format' = 'csv', 'csv.field-delimiter' = ',');
-- 'match a next b': no counterpart in Flink SQL: patterns are MATCH_RECOGNIZE in Flink, which has no `then` and no `any`, and nothing in Spark
-- not translated, as they follow it: 'count'
-- up to there:
SELECT event_time
FROM src
WHERE TRY_CAST(qty AS DOUBLE) > 2;
$ dstream -i csv reduce-by region hist:qty:5 top 1 --explain=spark-sql < $DATA/orders.csv
-- Spark SQL, 3.5 or later
SET spark.sql.ansi.enabled = false;
CREATE TEMPORARY VIEW src USING csv OPTIONS (path '/dev/stdin', header 'true', sep ',', escape '"');
-- 'reduce-by region hist:qty:5': no counterpart in Spark SQL: hist: an aggregate of buckets and counts has no counterpart
-- not translated, as they follow it: 'top 1'
-- up to there:
SELECT region, qty
FROM src;
$ printf '' | dstream -i logfmt --time t --watermark 5s filter 'cidr(ip,"10.0.0.0/8")' count --explain=flink-sql
-- Flink SQL, 2.0 or later
SET 'execution.runtime-mode' = 'streaming';
-- Flink SQL reads no logfmt: say below where src comes from
CREATE TABLE src (
  ip STRING
) WITH ('connector' = '…');
-- 'filter cidr(ip,"10.0.0.0/8")': no counterpart in Flink SQL: cidr(): no function knows nets
-- not translated, as they follow it: 'count'
-- up to there:
SELECT ip
FROM src;
$ printf '' | dstream --batch 2s count --explain=spark-sql
-- Spark SQL, 3.5 or later
SET spark.sql.ansi.enabled = false;
SET TIME ZONE 'UTC';
-- no counterpart in Spark SQL for this source: batches and clocks of the data have no counterpart in SQL
$ dstream -i csv tee copy.csv foreach-batch 'cat' --explain=flink-sql < $DATA/orders.csv; echo $?
-- Flink SQL, 2.0 or later
SET 'execution.runtime-mode' = 'batch';
-- Flink reads a header as a row: take it off the file first
CREATE TABLE src (
  `time` STRING,
  region STRING,
  product STRING,
  qty STRING,
  price STRING
) WITH ('connector' = 'filesystem', 'path' = '/dev/stdin', 'format' = 'csv', 'csv.field-delimiter' = ',');
-- 'tee copy.csv': a copy of the rows so far to copy.csv: an INSERT INTO of its own
-- 'foreach-batch cat' is no SQL: a sink of one's own
SELECT `time`, region, product, qty, price
FROM src;
0
$ printf '' | dstream --multiline indent filter '/Exception/' count --explain=spark-sql
-- Spark SQL, 3.5 or later
SET spark.sql.ansi.enabled = false;
-- Spark SQL reads no records of several lines: let src_rows be a table with these columns, all STRING: line
CREATE TEMPORARY VIEW src AS
SELECT line
FROM src_rows;
SELECT count(*) AS count
FROM src
WHERE line RLIKE 'Exception';
# Rows that are in windows, and records of another stream that enter them: both as views with the windows.
$ printf 'ts,k,v\n2026-11-20T10:00:01Z,a,1\n' > more.csv; printf 'ts,k,v\n2026-11-20T10:00:00Z,a,1\n' | dstream -i csv --time ts window 10s top 1 --by v union more.csv count-by k --explain=flink-sql
-- Flink SQL, 2.0 or later
SET 'execution.runtime-mode' = 'streaming';
SET 'table.local-time-zone' = 'UTC';
-- times are read as RFC 3339; dstream reads the other spellings of --time, too
-- Flink reads a header as a row: take it off the file first
CREATE TABLE src (
  ts STRING,
  `k` STRING,
  v STRING,
  event_time AS CAST(TO_TIMESTAMP(REPLACE(REGEXP_EXTRACT(ts, '^([0-9-]+[ T][0-9:.]+)', 1), 'T', ' ')) AS TIMESTAMP_LTZ(3)),
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '/dev/stdin', 'format' = 'csv', 'csv.field-delimiter' = ',');
CREATE TEMPORARY VIEW t1 AS
SELECT window_start, window_end, event_time, `k`, v, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY v IS NOT NULL AND TRY_CAST(v AS DOUBLE) IS NULL DESC, TRY_CAST(v AS DOUBLE) DESC, v DESC) AS row_rank
FROM TABLE(TUMBLE(TABLE src, DESCRIPTOR(event_time), INTERVAL '10' SECOND));
-- times are read as RFC 3339; dstream reads the other spellings of --time, too
-- Flink reads a header as a row: take it off the file first
CREATE TABLE `more` (
  ts STRING,
  `k` STRING,
  v STRING,
  event_time AS CAST(TO_TIMESTAMP(REPLACE(REGEXP_EXTRACT(ts, '^([0-9-]+[ T][0-9:.]+)', 1), 'T', ' ')) AS TIMESTAMP_LTZ(3))
) WITH ('connector' = 'filesystem', 'path' = 'more.csv', 'format' = 'csv', 'csv.field-delimiter' = ',');
CREATE TEMPORARY VIEW right_windows AS
SELECT window_start, window_end, event_time, ts, `k`
FROM TABLE(TUMBLE(TABLE `more`, DESCRIPTOR(event_time), INTERVAL '10' SECOND));
CREATE TEMPORARY VIEW `both` AS
SELECT window_start, window_end, `k`
FROM t1
WHERE row_rank <= 1
UNION ALL
SELECT window_start, window_end, `k`
FROM right_windows;
SELECT window_start, `k`, COUNT(*) AS `count`
FROM `both`
GROUP BY window_start, window_end, `k`;
$ printf 'ts,k,v\n2026-11-20T10:00:01Z,a,1\n' > more.csv; printf 'ts,k,v\n2026-11-20T10:00:00Z,a,1\n' | dstream -i csv --time ts window 10s count-by k union more.csv count-by k --explain=spark-sql
-- Spark SQL, 3.5 or later
SET spark.sql.ansi.enabled = false;
SET TIME ZONE 'UTC';
-- times are read as RFC 3339; dstream reads the other spellings of --time, too
CREATE TEMPORARY VIEW src_rows USING csv OPTIONS (path '/dev/stdin', header 'true', sep ',', escape '"');
CREATE TEMPORARY VIEW src AS
SELECT ts,
       `k`,
       try_to_timestamp(ts) AS event_time
FROM src_rows;
-- on a stream: src.withWatermark("event_time", "5 seconds")
-- times are read as RFC 3339; dstream reads the other spellings of --time, too
CREATE TEMPORARY VIEW more_rows USING csv OPTIONS (path 'more.csv', header 'true', sep ',', escape '"');
CREATE TEMPORARY VIEW more AS
SELECT ts,
       `k`,
       try_to_timestamp(ts) AS event_time
FROM more_rows;
CREATE TEMPORARY VIEW right_rows AS
SELECT event_time, ts, `k`, window(event_time, '10 seconds') AS time_window
FROM more;
CREATE TEMPORARY VIEW right_windows AS
SELECT time_window.start AS window_start, time_window.end AS window_end, event_time, ts, `k`
FROM right_rows;
CREATE TEMPORARY VIEW t1 AS
SELECT window.start AS window_start, window.end AS window_end, `k`
FROM src
GROUP BY window(event_time, '10 seconds'), `k`;
CREATE TEMPORARY VIEW `both` AS
SELECT window_start, window_end, `k`
FROM t1
UNION ALL
SELECT window_start, window_end, `k`
FROM right_windows;
SELECT window_start, `k`, count(*) AS count
FROM `both`
GROUP BY window_start, window_end, `k`;
# A column has one type: counts and texts cannot be one.
$ printf 'ts,k\n2026-11-20T10:00:01Z,a\n' > more.csv; printf 'ts,k,v\n2026-11-20T10:00:00Z,a,1\n' | dstream -i csv --time ts window 10s count-by k union more.csv reduce-by k sum:count --explain=spark-sql
-- Spark SQL, 3.5 or later
SET spark.sql.ansi.enabled = false;
SET TIME ZONE 'UTC';
-- times are read as RFC 3339; dstream reads the other spellings of --time, too
CREATE TEMPORARY VIEW src_rows USING csv OPTIONS (path '/dev/stdin', header 'true', sep ',', escape '"');
CREATE TEMPORARY VIEW src AS
SELECT ts,
       `k`,
       try_to_timestamp(ts) AS event_time
FROM src_rows;
-- on a stream: src.withWatermark("event_time", "5 seconds")
-- 'union more.csv': no counterpart in Spark SQL: 'count' is a number here and none in the other stream, and a column of SQL has one type
-- not translated, as they follow it: 'reduce-by k sum:count'
-- up to there:
SELECT window.start AS window_start, window.end AS window_end, `k`, count(*) AS count
FROM src
GROUP BY window(event_time, '10 seconds'), `k`;

# The beginnings of a window of the calendar have no counterpart, also where a second stream enters them.
$ printf 't,k\n2020-01-01T00:00:00Z,a\n' > r.csv; dstream -i csv --time t window month --grow 1h join r.csv --on k --explain=flink-sql r.csv; echo $?
-- Flink SQL, 2.0 or later
SET 'execution.runtime-mode' = 'batch';
SET 'table.local-time-zone' = 'UTC';
-- times are read as RFC 3339; dstream reads the other spellings of --time, too
-- Flink reads a header as a row: take it off the file first
CREATE TABLE src (
  t STRING,
  `k` STRING,
  event_time AS CAST(TO_TIMESTAMP(REPLACE(REGEXP_EXTRACT(t, '^([0-9-]+[ T][0-9:.]+)', 1), 'T', ' ')) AS TIMESTAMP_LTZ(3))
) WITH ('connector' = 'filesystem', 'path' = 'r.csv', 'format' = 'csv', 'csv.field-delimiter' = ',');
-- 'join r.csv --on k': no counterpart in Flink SQL: beginnings of a window of the calendar
-- up to there:
SELECT event_time, t, `k`
FROM src;
0
