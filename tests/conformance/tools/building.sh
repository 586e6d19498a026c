# needs: make gcc
# A program from its sources, by make; it runs from where it was made.
printf '#include <stdio.h>\nint f(int);\nint main(int c, char **v) { printf("%%d %%d\\n", c, f(3)); return 7; }\n' > main.c
echo 'int f(int x) { return 2 * x; }' > f.c
printf 'prog: main.o f.o\n\t$(CC) -o $@ $^\n%%.o: %%.c\n\t$(CC) -c -O1 $<\nagain:\n\t@$(MAKE) --no-print-directory level\nlevel:\n\t@echo $(MAKELEVEL)\nclean:\n\trm -f *.o prog\n' > Makefile
make -j3 CC=gcc | sort; ./prog a b; echo $?; make; touch f.c; make -n CC=gcc; make again; make -q; echo $?
gcc -shared -fPIC -o libf.so f.c; gcc -o linked main.c -L. -lf -Wl,-rpath,"$PWD"; ./linked; echo $?
cp prog copy; chmod 711 copy; PATH=$PWD:$PATH copy; echo $?; mv copy moved_prog; ./moved_prog; echo $?
nm f.o; size f.o; strip prog; ./prog; ldd prog | sed 's/ (0x.*//' | grep -c libc; ar rcs libf.a f.o; ar t libf.a
echo 'int main(' > bad.c; gcc -c bad.c 2> /dev/null; echo $?; make nothing 2>&1; echo $?
echo 'int main(void) { *(volatile int *)0 = 1; }' > null.c; gcc -w -o null null.c; (ulimit -c 0; ./null) 2> /dev/null; echo $?
rm -f linked libf.so
