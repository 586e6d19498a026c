# needs: rustc
# Compiled and linked, run, with a process of its own.
echo 'fn main() { let s = std::process::Command::new("sh").args(["-c", "exit 3"]).status().unwrap(); println!("{:?}", s.code()); std::process::exit(5) }' > main.rs
rustc -C debuginfo=0 -o program main.rs && ./program; echo $?; rm program
