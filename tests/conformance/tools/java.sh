# needs: javac java
# Compiled, run, with a thread, a file and a process of its own.
cat > Main.java <<'SOURCE'
import java.nio.file.*;
public class Main {
    public static void main(String[] words) throws Exception {
        Files.writeString(Path.of("written"), Files.readString(Path.of("hello.txt")).toUpperCase());
        Process p = new ProcessBuilder("sh", "-c", "echo from a process; exit 3").start();
        System.out.print(new String(p.getInputStream().readAllBytes()));
        System.out.println(p.waitFor() + " " + words.length);
        Thread t = new Thread(() -> System.out.println("from a thread"));
        t.start(); t.join(); System.exit(4);
    }
}
SOURCE
javac -J-XX:-UsePerfData Main.java && java -XX:-UsePerfData Main a b; echo $?; rm Main.class
