import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/** Writes events of a Java program to contend: NDJSON on the Unix socket that CONTEND_SOCK names (Java 16 and later). */
public final class Emit {
    private static SocketChannel channel;
    private static long dropped;

    static synchronized void write(String line) {
        try {
            String text = (dropped > 0 ? "{\"ev\":\"drop\",\"n\":" + dropped + "}\n" : "") + line + "\n";
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            // Never wait for contend: the channel does not block. A line that is begun is finished.
            if (channel == null || channel.write(bytes) == 0) { dropped++; return; }
            dropped = 0;
            while (bytes.hasRemaining()) channel.write(bytes);
        } catch (IOException gone) { channel = null; } // A program runs on without its observer.
    }

    static void event(long lane, String kind, long object, int depth) {
        write("{\"t\":" + System.nanoTime() + ",\"l\":\"" + lane + "\",\"k\":\"" + kind + "\",\"o\":\"" + object
            + "\",\"d\":" + depth + "}"); // System.nanoTime is CLOCK_MONOTONIC on Linux.
    }

    public static void main(String[] arguments) throws IOException {
        String path = System.getenv("CONTEND_SOCK");
        if (path != null) channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
        if (channel != null) channel.configureBlocking(false);
        long pid = ProcessHandle.current().pid();
        write("{\"cv\":1,\"ev\":\"hello\",\"pid\":" + pid + ",\"lang\":\"java\",\"clock\":\"mono\",\"t\":" + System.nanoTime() + "}");
        write("{\"ev\":\"lane\",\"id\":\"1\",\"tid\":" + pid + ",\"name\":\"main\"}");
        write("{\"ev\":\"obj\",\"id\":\"2\",\"what\":\"queue\",\"name\":\"jobs\",\"scope\":\"user\"}");
        event(1, "begin", 1, 0);
        for (int depth = 1; depth <= 5; depth++) event(1, "put", 2, depth);
        for (int depth = 4; depth >= 0; depth--) event(1, "got", 2, depth);
        event(1, "end", 1, 0);
        write("{\"ev\":\"bye\",\"code\":0}");
    }
}
