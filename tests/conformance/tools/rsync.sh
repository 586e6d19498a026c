# needs: rsync
# Copies on one machine, changed and deleted again.
rsync -a sub/ copied/; rsync -a --delete many/ copied/; ls copied | wc -l; echo x > many/f000; rsync -ai many/ copied/ | grep f000; diff -r many copied && echo same
