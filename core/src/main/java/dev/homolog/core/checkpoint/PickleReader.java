package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import dev.homolog.core.json.StrictJson;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reads the pickle of a PyTorch state dict, protocols 2 to 4. A pickle is a program for a stack
 * machine. This one knows the opcodes that a dict of tensors needs, and the names in {@link
 * PickleGlobal}. All else is refused by name. Nothing is looked up, loaded or called, there is no
 * recursion, and what is built stays below 16 MiB whatever the pickle says.
 */
final class PickleReader {
  static final String NAME = "data.pkl";

  /** GPT-2 XL needs 26,000 opcodes in 100 kB. */
  static final int MAX_OPCODES = 250_000;

  static final int MAX_BYTES = 4 << 20;
  private static final int MAX_STACK = 10_000; // torch fills a dict by 1,000 pairs
  private static final int MAX_DEPTH = 16;
  private static final int MAX_STRING = 1 << 16;

  private static final String REMEDY =
      "only a plain state dict is read: torch.save(model.state_dict(), file), or save it as"
          + " safetensors";

  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final String where;
  private final MemorySegment bytes;
  private long position;
  private long opcodeAt;
  private int protocol;
  private int opcodes;
  private final List<Object> stack = new ArrayList<>();
  private final List<Integer> marks = new ArrayList<>();
  private Object[] memo = new Object[64];
  private int memoSize;

  /** Python's None. */
  private enum None {
    NONE
  }

  /** A tuple, with the number of tuples inside one another that it makes. */
  private record Tuple(List<Object> values, int depth) {}

  /** A dict or OrderedDict; keys are strings. */
  private static final class Dict {
    final Map<String, Object> values = new LinkedHashMap<>();
  }

  private PickleReader(String where, MemorySegment bytes) {
    this.where = where;
    this.bytes = bytes;
  }

  /**
   * The tensors of a pickled state dict, in its order.
   *
   * @param where the file, for messages
   * @throws InputException if the pickle is damaged or anything but a dict of tensors by name
   */
  static Map<String, PickledTensor> read(String where, MemorySegment bytes) {
    return new PickleReader(where, bytes).stateDict();
  }

  private Map<String, PickledTensor> stateDict() {
    if (bytes.byteSize() > MAX_BYTES) {
      throw refuse(
          String.format(
              Locale.ROOT, "is %d bytes long, at most %d are read", bytes.byteSize(), MAX_BYTES));
    }
    Object result = run();
    if (!(result instanceof Dict dict)) {
      throw new InputException(
          where,
          NAME,
          String.format(Locale.ROOT, "holds %s, expected a dict", describe(result)),
          REMEDY);
    }
    Map<String, PickledTensor> tensors = new LinkedHashMap<>();
    dict.values.forEach((name, value) -> {
      if (!(value instanceof PickledTensor tensor)) {
        throw new InputException(
            where,
            StrictJson.clip(name),
            String.format(Locale.ROOT, "is %s, expected a tensor", describe(value)),
            REMEDY);
      }
      tensors.put(name, tensor);
    });
    return Collections.unmodifiableMap(tensors);
  }

  /** Runs the program; what is on the stack at its end. */
  private Object run() {
    if (u8() != 0x80) {
      throw refuse("does not begin as a pickle of protocol 2 to 4 does");
    }
    protocol = u8();
    if (protocol < 2 || protocol > 4) {
      throw refuse(String.format(Locale.ROOT, "has protocol %d, expected 2 to 4", protocol));
    }
    while (true) {
      opcodeAt = position;
      if (++opcodes > MAX_OPCODES) {
        throw refuse(String.format(Locale.ROOT, "has more than %d opcodes", MAX_OPCODES));
      }
      int opcode = u8();
      if (opcode == '.') {
        return end();
      }
      step(opcode);
    }
  }

  private Object end() {
    if (stack.size() != 1 || !marks.isEmpty()) {
      throw refuse(
          String.format(
              Locale.ROOT,
              "ends with %d values and %d marks on the stack, expected one value",
              stack.size(),
              marks.size()));
    }
    if (position != bytes.byteSize()) {
      throw refuse(
          String.format(
              Locale.ROOT, "goes on for %d bytes after its end", bytes.byteSize() - position));
    }
    return stack.getFirst();
  }

  private void step(int opcode) {
    switch (opcode) {
      case 0x95 -> frame();
      case '(' -> mark();
      case 'N' -> push(None.NONE);
      case 0x88 -> push(true);
      case 0x89 -> push(false);
      case 'K' -> push((long) u8());
      case 'M' -> push((long) Short.toUnsignedInt(bytes.get(U16, take(2))));
      case 'J' -> push((long) bytes.get(I32, take(4)));
      case 0x8a -> push(longNumber());
      case 'X' -> push(string(Integer.toUnsignedLong(bytes.get(I32, take(4)))));
      case 0x8c -> push(string(u8()));
      case ')' -> push(new Tuple(List.of(), 1));
      case 't' -> push(tuple(popToMark()));
      case 0x85 -> push(tuple(pop(1)));
      case 0x86 -> push(tuple(pop(2)));
      case 0x87 -> push(tuple(pop(3)));
      case '}' -> push(new Dict());
      case 's' -> setItems(pop(2));
      case 'u' -> setItems(popToMark());
      case 'c' -> push(global(line(), line()));
      case 0x93 -> {
        List<Object> names = pop(2);
        if (!(names.get(0) instanceof String module) || !(names.get(1) instanceof String name)) {
          throw refuse(
              String.format(
                  Locale.ROOT,
                  "STACK_GLOBAL names %s and %s, expected two strings",
                  describe(names.get(0)),
                  describe(names.get(1))));
        }
        push(global(module, name));
      }
      case 'q' -> put(u8());
      case 'r' -> put(Integer.toUnsignedLong(bytes.get(I32, take(4))));
      case 0x94 -> put(memoSize);
      case 'h' -> push(get(u8()));
      case 'j' -> push(get(Integer.toUnsignedLong(bytes.get(I32, take(4)))));
      case 'Q' -> push(storage(pop(1).getFirst()));
      case 'R' -> reduce(pop(2));
      case 'b' -> build(pop(1).getFirst());
      default ->
          throw refuse(
              String.format(
                  Locale.ROOT,
                  "has opcode %s, which no state dict needs",
                  PickleOpcodes.name(opcode)));
    }
  }

  private void frame() {
    long length = bytes.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(I32.order()), take(8));
    if (protocol < 4 || length < 0 || length > bytes.byteSize() - position) {
      throw refuse(
          String.format(
              Locale.ROOT,
              "has a frame of %s bytes, but only %d follow",
              Long.toUnsignedString(length),
              bytes.byteSize() - position));
    }
  }

  private void mark() {
    if (marks.size() == MAX_DEPTH) {
      throw refuse(String.format(Locale.ROOT, "is nested more than %d levels deep", MAX_DEPTH));
    }
    marks.add(stack.size());
  }

  private void push(Object value) {
    if (stack.size() == MAX_STACK) {
      throw refuse(String.format(Locale.ROOT, "has more than %d values on its stack", MAX_STACK));
    }
    stack.add(value);
  }

  /** Takes that many values; none below the last mark. */
  private List<Object> pop(int count) {
    checkThere(count);
    return cut(stack.size() - count);
  }

  private List<Object> popToMark() {
    if (marks.isEmpty()) {
      throw refuse("uses a mark that is not there");
    }
    return cut(marks.removeLast());
  }

  private List<Object> cut(int from) {
    List<Object> top = stack.subList(from, stack.size());
    List<Object> values = List.copyOf(top);
    top.clear();
    return values;
  }

  private void checkThere(int count) {
    if (stack.size() - (marks.isEmpty() ? 0 : marks.getLast()) < count) {
      throw refuse("takes more values from its stack than there are");
    }
  }

  private Tuple tuple(List<Object> values) {
    int depth = 1;
    for (Object value : values) {
      if (value instanceof Tuple inner) {
        depth = Math.max(depth, inner.depth + 1);
      }
    }
    if (depth > MAX_DEPTH) {
      throw refuse(String.format(Locale.ROOT, "is nested more than %d levels deep", MAX_DEPTH));
    }
    return new Tuple(values, depth);
  }

  private void setItems(List<Object> items) {
    checkThere(1);
    if (!(stack.getLast() instanceof Dict dict)) {
      throw refuse(
          String.format(
              Locale.ROOT, "sets items of %s, expected a dict", describe(stack.getLast())));
    }
    if (items.size() % 2 != 0) {
      throw refuse("sets an item that has no value");
    }
    for (int i = 0; i < items.size(); i += 2) {
      if (!(items.get(i) instanceof String key)) {
        throw refuse(
            String.format(
                Locale.ROOT, "has %s as a key, expected a string", describe(items.get(i))));
      }
      if (dict.values.putIfAbsent(key, items.get(i + 1)) != null) {
        throw refuse(String.format(Locale.ROOT, "key %s is there twice", StrictJson.describe(key)));
      }
    }
  }

  private PickleGlobal global(String module, String name) {
    return PickleGlobal.of(module, name)
        .orElseThrow(() -> {
          String both = StrictJson.clip(module + "." + name);
          return refuse(String.format(Locale.ROOT, "names %s, which no state dict needs", both));
        });
  }

  /** Memo indices are dense in every writer; a sparse one would make the memo larger than it is. */
  private void put(long index) {
    checkThere(1);
    if (index >= MAX_OPCODES) {
      throw refuse(
          String.format(Locale.ROOT, "has memo index %d, at most %d are read", index, MAX_OPCODES));
    }
    int i = (int) index;
    if (i >= memo.length) {
      memo = Arrays.copyOf(memo, Math.max(i + 1, Math.min(2 * memo.length, MAX_OPCODES)));
    }
    if (memo[i] == null) {
      memoSize++;
    }
    memo[i] = stack.getLast();
  }

  private Object get(long index) {
    Object value = index < memo.length ? memo[(int) index] : null;
    if (value == null) {
      throw refuse(String.format(Locale.ROOT, "reads memo index %d, where nothing is", index));
    }
    return value;
  }

  private PickledTensor.Storage storage(Object id) {
    if (id instanceof Tuple tuple
        && tuple.values.size() == 5
        && tuple.values.get(0).equals("storage")
        && tuple.values.get(1) instanceof PickleGlobal type
        && type.storage().isPresent()
        && tuple.values.get(2) instanceof String key
        && tuple.values.get(3) instanceof String // the device, of no concern here
        && tuple.values.get(4) instanceof Long elements
        && elements >= 0) {
      return new PickledTensor.Storage(key, type.storage().get(), elements);
    }
    throw refuse("refers to something outside that is no storage");
  }

  private void reduce(List<Object> call) {
    if (!(call.get(0) instanceof PickleGlobal callable)
        || !(call.get(1) instanceof Tuple(List<Object> args, _))) {
      throw refuse(
          String.format(
              Locale.ROOT, "calls %s with %s", describe(call.get(0)), describe(call.get(1))));
    }
    Object result =
        switch (callable) {
          case ORDERED_DICT -> args.isEmpty() ? new Dict() : null;
          case REBUILD_TENSOR -> tensor(args);
          case REBUILD_PARAMETER ->
              args.size() == 3
                      && args.get(0) instanceof PickledTensor tensor
                      && args.get(1) instanceof Boolean
                      && isEmptyDict(args.get(2))
                  ? tensor
                  : null;
          default -> null;
        };
    if (result == null) {
      throw refuse(
          String.format(Locale.ROOT, "calls %s in a way that no state dict does", callable));
    }
    push(result);
  }

  /** The arguments are storage, offset, shape, strides, requires_grad, hooks and, newly, flags. */
  private static PickledTensor tensor(List<Object> args) {
    if ((args.size() == 6 || args.size() == 7 && isNothing(args.get(6)))
        && args.get(0) instanceof PickledTensor.Storage storage
        && args.get(1) instanceof Long offset
        && offset >= 0
        && args.get(2) instanceof Tuple shape
        && args.get(3) instanceof Tuple strides
        && shape.values.size() == strides.values.size()
        && shape.values.size() <= SafetensorsHeader.MAX_RANK
        && args.get(4) instanceof Boolean
        && isEmptyDict(args.get(5))) {
      List<Long> sizes = numbers(shape);
      List<Long> steps = numbers(strides);
      return sizes == null || steps == null
          ? null
          : new PickledTensor(storage, offset, sizes, steps);
    }
    return null;
  }

  private static List<Long> numbers(Tuple tuple) {
    List<Long> numbers = new ArrayList<>();
    for (Object value : tuple.values) {
      if (!(value instanceof Long number) || number < 0) {
        return null;
      }
      numbers.add(number);
    }
    return List.copyOf(numbers);
  }

  private static boolean isEmptyDict(Object value) {
    return value instanceof Dict dict && dict.values.isEmpty();
  }

  private static boolean isNothing(Object value) {
    return value == None.NONE || isEmptyDict(value);
  }

  /** A state dict carries version numbers of its modules, which say nothing about its tensors. */
  private void build(Object state) {
    checkThere(1);
    if (!(stack.getLast() instanceof Dict)
        || !(state instanceof Dict attributes)
        || attributes.values.size() != 1
        || !(attributes.values.get("_metadata") instanceof Dict)) {
      throw refuse(
          String.format(
              Locale.ROOT,
              "sets attributes of %s other than _metadata",
              describe(stack.getLast())));
    }
  }

  private long longNumber() {
    int length = u8();
    if (length > Long.BYTES) {
      throw refuse(
          String.format(Locale.ROOT, "has a number of %d bytes, at most 8 are read", length));
    }
    long begin = take(length);
    long value = 0;
    for (int i = length - 1; i >= 0; i--) {
      byte next = bytes.get(ValueLayout.JAVA_BYTE, begin + i);
      value = i == length - 1 ? next : value << 8 | next & 0xff;
    }
    return value;
  }

  private String string(long length) {
    if (length > MAX_STRING) {
      throw refuse(
          String.format(
              Locale.ROOT, "has a string of %d bytes, at most %d are read", length, MAX_STRING));
    }
    return decode(take(length), length);
  }

  private String line() {
    long begin = position;
    long end = begin;
    while (end < bytes.byteSize() && bytes.get(ValueLayout.JAVA_BYTE, end) != '\n') {
      if (++end - begin > MAX_STRING) {
        throw refuse(String.format(Locale.ROOT, "has a name of more than %d bytes", MAX_STRING));
      }
    }
    take(end - begin + 1);
    return decode(begin, end - begin);
  }

  private String decode(long begin, long length) {
    byte[] copy = bytes.asSlice(begin, length).toArray(ValueLayout.JAVA_BYTE);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(copy)).toString();
    } catch (CharacterCodingException e) {
      throw refuse("has a string that is not UTF-8");
    }
  }

  private int u8() {
    return Byte.toUnsignedInt(bytes.get(ValueLayout.JAVA_BYTE, take(1)));
  }

  /** Moves on by that many bytes and says where they begin. */
  private long take(long count) {
    if (count > bytes.byteSize() - position) {
      throw refuse("breaks off");
    }
    long begin = position;
    position += count;
    return begin;
  }

  private static String describe(Object value) {
    return switch (value) {
      case None _ -> "None";
      case Tuple _ -> "a tuple";
      case Dict _ -> "a dict";
      case PickledTensor _ -> "a tensor";
      case PickledTensor.Storage _ -> "a storage";
      case PickleGlobal global -> global.toString();
      default -> StrictJson.describe(value);
    };
  }

  private InputException refuse(String problem) {
    return new InputException(
        where, NAME, problem + String.format(Locale.ROOT, " (byte %d)", opcodeAt), REMEDY);
  }
}
