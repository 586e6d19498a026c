# needs: perl
# In place, through pipes, with children.
perl -ne 'print if /o/' hello.txt; perl -pi.old -e 's/hello/HELLO/' hello.txt; cat hello.txt hello.txt.old
perl -e 'open(my $f, "-|", "ls sub") or die; print sort <$f>; print `echo backticks`; system("exit 3"); print $? >> 8, "\n";
    my $pid = fork; exit 2 unless $pid; waitpid $pid, 0; print $? >> 8, "\n"; kill 9, $pid = fork || do { sleep 30 }; waitpid $pid, 0; print $? & 127, "\n";
    rename "empty", "renamed"; unlink "sub/two"; mkdir "made", 0700; symlink "made", "sl"; utime 5, 6, "app.conf"; print((stat "app.conf")[9], "\n");
    open(my $l, ">", "lock") and flock($l, 2) and print -e "lock" ? "locked\n" : "no\n"; exec "echo", "executed"'
perl -MFile::Temp=tempfile -MFile::Find -MFile::Copy -MCwd -e 'my ($h, $n) = tempfile(UNLINK => 1); print $h "x\n"; close $h; copy($n, "copied");
    find(sub { push @n, $File::Find::name }, "sub"); print join(",", sort @n), "\n"; print getcwd =~ /tree$/ ? "here\n" : "elsewhere\n"'
