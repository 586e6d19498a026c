# needs: bash gcc
# Programs that exist only in the layer: scripts, scripts of scripts, binaries, and what is none.
printf '#!/bin/sh\necho "$0 $1 $2"; exit 5\n' > s.sh; chmod +x s.sh; ./s.sh one two; echo $?
printf '#!./s.sh argument\n' > nested; chmod +x nested; ./nested word; echo $?
printf '#!/usr/bin/env python3\nimport sys\nprint(sys.argv[1:])\n' > p; chmod +x p; ./p 1 2
echo 'echo without a first line' > plain; chmod +x plain; ./plain
printf '#!/no/such\n' > lost; chmod +x lost; ./lost 2> /dev/null; echo $?
printf '\177ELF garbage' > garbage; chmod +x garbage; ./garbage 2> /dev/null; echo $?
chmod -x s.sh; ./s.sh 2> /dev/null; echo $?; sh s.sh; echo $?; chmod +x s.sh
cp /bin/cat mycat; ./mycat hello.txt; ln -s mycat linked; ./linked sub/one; echo; mv mycat sub/cat; sub/cat sub/two; echo
mkdir bin; cp s.sh bin/tool; PATH=$PWD/bin:$PATH tool | sed "s|$PWD|.|"; (cd bin; ./tool)
echo 'int main(void) { return 9; }' > nine.c; gcc -o nine nine.c; ./nine; echo $?; d=$(mktemp -d); cp nine "$d/nine"; "$d/nine"; echo $?; rm -r "$d"
exec 4>> nine; ./nine 2> /dev/null; echo $?; exec 4>&-; ./nine; echo $?
cp /usr/bin/id own_id; chmod 4755 own_id; [ "$(./own_id -u)" = "$(id -u)" ] && echo without privilege
./nothing 2> /dev/null; echo $?; ./sub 2> /dev/null; echo $?; (exec ./s.sh in place); env -i "$PWD/nine"; echo $?
