# needs: cp mv rm ln chmod touch mkdir rmdir install stat
# What changes names, modes and times.
cp -a sub copied; cp -r --preserve=mode many copied_many; mv dirlink renamed_link; mv sub moved
mv hello.txt moved/three/; ln moved/one second_name; ln -s moved/one first_link; ln -sf app.conf link
rm -r void copied_many; rm -f hard_a; mkdir -p deep/er/still; rmdir deep/er/still
touch new; touch -d @1000000000 moved/two; touch -r readonly.txt empty
chmod 700 moved; chmod -R go-rwx copied; chmod u+s,g+s greet.sh; chmod a-w,o+t app.conf
stat -c '%n %a %F %h %s' greet.sh app.conf moved second_name first_link; stat -c %Y moved/two empty
mkdir locked; chmod 555 locked; chmod 755 locked; readlink link first_link; realpath first_link | sed 's/.*tree/tree/'
ls -lR --time-style=+%s | awk '{ print $1, $3, $NF }' | sort | head -40
du -a moved | cut -f2 | sort; cp moved/nothing x; echo $?; mv moved copied/three/deep.txt; echo $?
rm moved; echo $?; rmdir moved; echo $?; mktemp -p . tmp.XXXX | wc -c; rm tmp.*
sync; dd if=numbers.txt of=part bs=100 count=2 conv=notrunc status=none; shred -u moved/one; ls moved
