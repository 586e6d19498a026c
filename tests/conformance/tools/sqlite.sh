# needs: sqlite3
# A database made, changed by several at once, kept in a write-ahead log, and copied.
sqlite3 shop.db 'create table a (x integer primary key, y); insert into a values (1, 2), (2, 3);'
for n in 11 12 13 14; do sqlite3 -cmd '.timeout 9000' shop.db "insert into a values ($n, 0)" & done; wait
sqlite3 shop.db 'select * from a order by x; pragma integrity_check; update a set y = y + 1; select sum(y) from a'
sqlite3 log.db 'pragma journal_mode = wal; create table t (v); insert into t select value from generate_series(1, 500);'
sqlite3 log.db 'select count(*), sum(v) from t' '.backup copy.db'; sqlite3 copy.db 'select max(v) from t' .schema
sqlite3 log.db 'delete from t where v % 2; vacuum; select count(*) from t'; sqlite3 log.db .dump | wc -l
sqlite3 shop.db 'begin; delete from a; rollback; select count(*) from a'; sqlite3 shop.db 'select bad'; echo $?
ls *.db; sqlite3 shop.db .dump > dump.sql; rm shop.db log.db copy.db
