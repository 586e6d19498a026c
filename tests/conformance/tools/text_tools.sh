# needs: sed find grep awk sort patch diff xargs ed
# Programs that read and change text, in place too.
sed -i 's/hello/HELLO/' hello.txt; sed -i.orig 2d app.conf
find . -name '*.txt' | sort; find sub -type f -exec wc -c {} + | sort
find many -name 'f00?' -delete; find . -newer readonly.txt -type f | sort
grep -rn HELLO . | sort; grep -c 1 numbers.txt; grep nothing hello.txt; echo $?
awk '{ s += $1 } END { print s }' numbers.txt; awk 'NR % 100 == 0 { print > "hundreds" }' numbers.txt
sort -rn -o numbers.txt numbers.txt; head -1 numbers.txt; sort -u -k1.1,1.1 numbers.txt | head -3
cp hello.txt changed.txt; echo more >> changed.txt
diff -u --label a --label b hello.txt changed.txt > change.patch; echo $?
patch hello.txt < change.patch; cmp hello.txt changed.txt && echo same
diff -r sub dirlink; echo $?
printf '%s\n' one two three | xargs -n1 -P3 sh -c 'echo "$0" > "made_$0"'; ls made_*
printf '1d\nw\nq\n' | ed -s sub/two; cat sub/two
cut -d= -f1 app.conf; paste sub/one sub/two; comm hello.txt changed.txt; uniq -c hello.txt
split -l 400 numbers.txt part_; ls part_*; csplit -s hello.txt 2; nl xx01; tac hello.txt; rev hello.txt
tr -d l < hello.txt; fold -w 3 hello.txt; expand hello.txt; od -c hello.txt; md5sum hello.txt
echo text | tee one_copy > another; install -m 750 hello.txt installed; truncate -s 9 installed
