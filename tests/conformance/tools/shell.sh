# needs: bash
# Pipelines, here-documents, process substitution, background jobs, traps, exit statuses.
set -o pipefail
cat sub/one numbers.txt | sort -rn | head -3 | tr 0-9 a-j
cat <<TEXT
a here-document in $(basename "$PWD")
TEXT
tr a-z A-Z <<< "a here-string"
diff <(sort -r numbers.txt | head -2) <(sort numbers.txt | tail -2 | sort -r) && echo same
printf '%s\n' c a b | tee >(sort > sorted) | wc -l
sleep 0.1
cat sorted
for n in 1 2 3 4; do (sleep 0.0$n; exit $n) & done
for job in $(jobs -p); do wait "$job"; echo "job $?"; done
sleep 30 & kill $!; wait $! 2>/dev/null; echo "terminated $?"
sleep 30 & kill -9 $!; wait $! 2>/dev/null; echo "killed $?"
(trap 'echo trapped; exit 5' USR1; (kill -USR1 $BASHPID); kill -USR1 $BASHPID; sleep 1); echo "trap $?"
trap 'echo bye > at_exit' EXIT
yes | head -1; echo "${PIPESTATUS[*]}"
false | true; echo "$?"; (exit 300); echo "$?"
exec 3<> both; echo through >&3; exec 3>&-; cat both
coproc cat; echo to a coprocess >&"${COPROC[1]}"; read -r line <&"${COPROC[0]}"; echo "$line"
timeout 0.1 sleep 9; echo "timeout $?"
(ulimit -f 1; trap '' XFSZ; head -c 4000 /dev/zero > large); echo "too large $?"; wc -c < large
(exec -a other sh -c 'echo "$0"')
shopt -s globstar; echo sub/**; declare -A map=([a]=1); echo "${map[a]}"
umask 027; : > masked; stat -c %a masked
kill -STOP $BASHPID & sleep 0.1; kill -CONT $!; wait $!; echo "continued $?"
exit 6
