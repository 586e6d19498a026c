# needs: tar gzip bzip2 xz zip unzip
# Packing and unpacking, through pipes and from files.
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf all.tar sub many hello.txt link hard_a hard_b
tar tvf all.tar | awk '{ print $1, $3, $6 }' | head -8; sha256sum all.tar
mkdir out; tar xf all.tar -C out; find out | sort | wc -l; stat -c %h out/hard_a
tar cf - sub | (cd void && tar xf -); ls -R void
gzip -nk numbers.txt; gunzip -c numbers.txt.gz | cmp - numbers.txt && echo same
bzip2 -k numbers.txt; bunzip2 -c numbers.txt.bz2 | cmp - numbers.txt && echo same
xz -k numbers.txt; xz -dc numbers.txt.xz | cmp - numbers.txt && echo same
TZ=UTC zip -qrX all.zip sub hello.txt; unzip -l all.zip | awk '{ print $1, $4 }'; mkdir unzipped; unzip -q all.zip -d unzipped
diff -r sub unzipped/sub && echo same; rm all.zip
tar czf - hello.txt | tar tzf -; tar --delete -f all.tar hello.txt; tar df all.tar sub && echo as archived
rm -r many; tar xf all.tar many/f001; ls many
