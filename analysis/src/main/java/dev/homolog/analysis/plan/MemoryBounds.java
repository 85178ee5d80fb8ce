package dev.homolog.analysis.plan;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What memory there is, in bytes.
 *
 * @param resident that the process holds now
 * @param available that it could take besides
 * @param outsideHeap that the JVM lets it allocate outside its heap besides: what {@code -Xmx}
 *     says, unless {@code -XX:MaxDirectMemorySize} says otherwise
 * @param idleHeap that the JVM has set aside for its heap and not used; it will be, since garbage
 *     is collected only when it is full
 * @param mostHeap what {@code -Xmx} says
 */
public record MemoryBounds(
    long resident, long available, long outsideHeap, long idleHeap, long mostHeap) {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path MEMORY = Path.of("/proc/meminfo");

  /** Below zero there is nothing: a container can have less than the process holds. */
  public MemoryBounds {
    available = Math.max(0, available);
    outsideHeap = Math.max(0, outsideHeap);
  }

  /** What a JVM holds, about, where the system does not say. */
  private static final long A_JVM = 150L << 20;

  /** What there is now. */
  public static MemoryBounds now() {
    var machine = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long resident = kibibytes(STATUS, "VmRSS:", A_JVM);
    // The first counts pages of files that the system can drop, the second knows of containers.
    long available = kibibytes(MEMORY, "MemAvailable:", machine.getFreeMemorySize());
    available = Math.min(available, machine.getTotalMemorySize() - resident);
    return new MemoryBounds(
        resident,
        available,
        mostOutsideHeap() - usedOutsideHeap(),
        Runtime.getRuntime().freeMemory(),
        Runtime.getRuntime().maxMemory());
  }

  /** The most bytes that the process held at any time; −1 where the system does not say. */
  public static long peak() {
    return kibibytes(STATUS, "VmHWM:", -1);
  }

  private static long mostOutsideHeap() {
    var options = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    long said = Long.parseLong(options.getVMOption("MaxDirectMemorySize").getValue());
    return said == 0 ? Runtime.getRuntime().maxMemory() : said;
  }

  private static long usedOutsideHeap() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }

  private static long kibibytes(Path file, String key, long otherwise) {
    try {
      for (String line : Files.readAllLines(file)) {
        if (line.startsWith(key)) {
          return Long.parseLong(line.replaceAll("\\D", "")) << 10;
        }
      }
    } catch (IOException | NumberFormatException e) {
      // Not this system's way.
    }
    return otherwise;
  }
}
