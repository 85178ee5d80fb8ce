package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import dev.homolog.core.json.StrictJson;
import dev.homolog.core.memory.DType;
import dev.homolog.core.model.family.ModelFamily;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A state dict as {@code torch.save} of PyTorch 1.6 or later writes it ({@code .bin}, {@code .pt},
 * {@code .pth}). It is a zip file that holds a pickle, {@code <archive>/data.pkl}, and the elements
 * of each storage, {@code <archive>/data/<key>}. Tensors are cut out of the mapped file; several
 * may share a storage.
 */
final class TorchFile {
  private static final String DAMAGED =
      "the file is damaged: fetch it again, or save the model as safetensors";
  private static final String CONVERT =
      "convert it with PyTorch, and only if you trust where it comes from: ";

  private final String where;
  private final MemorySegment file;
  private final Map<String, ZipIndex.Entry> entries;
  private final String archive;

  private TorchFile(String where, MemorySegment file) {
    this.where = where;
    this.file = file;
    checkKind();
    this.entries = ZipIndex.read(where, file).entries();
    this.archive = archive();
  }

  /**
   * The tensors of a whole file, in the order of the state dict. A buffer, such as a mask, whose
   * elements do not lie in C order is left out.
   *
   * @param where the file, for messages
   * @throws InputException if the file is anything but a plain state dict, or a tensor goes beyond
   *     its storage, or a weight is not in C order
   */
  static List<StoredTensor> read(String where, MemorySegment file) {
    return new TorchFile(where, file).tensors();
  }

  /** Says what a file is that is no zip file. */
  private void checkKind() {
    if (startsWith(0, "PK\3\4")) {
      return;
    }
    if (startsWith(0, "version https://git-lfs")) {
      throw new InputException(
          where, "", "is a pointer of Git LFS, not the file itself", "fetch it: git lfs pull");
    }
    if (startsWith(0, "\u0080\2\u008a\n\u006c\u00fc\u009cF\u00f9 j\u00a8P\u0019")
        || startsWith(257, "ustar")) {
      throw new InputException(
          where,
          "",
          "has the format of PyTorch before 1.6, not a zip file",
          CONVERT + "torch.save(torch.load(file, weights_only=True), file)");
    }
    throw new InputException(
        where,
        "",
        file.byteSize() == 0 ? "is empty" : "is not a zip file",
        "give a file that torch.save of PyTorch 1.6 or later wrote, or safetensors");
  }

  private boolean startsWith(long offset, String latin) {
    byte[] bytes = latin.getBytes(StandardCharsets.ISO_8859_1);
    return file.byteSize() - offset >= bytes.length
        && file.asSlice(offset, bytes.length).mismatch(MemorySegment.ofArray(bytes)) == -1;
  }

  /** The folder in the zip file, which torch names after the file: that of the one data.pkl. */
  private String archive() {
    String folder = null;
    for (String name : entries.keySet()) {
      int slash = name.indexOf('/');
      if (slash > 0 && name.substring(slash + 1).equals(PickleReader.NAME)) {
        if (folder != null) {
          throw new InputException(where, name, "is a second " + PickleReader.NAME, DAMAGED);
        }
        folder = name.substring(0, slash + 1);
      }
    }
    if (folder == null) {
      throw new InputException(
          where,
          PickleReader.NAME,
          "is missing: a zip file, but none of torch.save",
          "give a file that torch.save of PyTorch 1.6 or later wrote, or safetensors");
    }
    for (String name : entries.keySet()) {
      if (!name.startsWith(folder)) {
        throw new InputException(
            where,
            StrictJson.clip(name),
            String.format(Locale.ROOT, "does not lie in %s with the rest", folder),
            DAMAGED);
      }
    }
    if (entries.containsKey(folder + "constants.pkl")) {
      throw new InputException(
          where,
          "",
          "is a TorchScript program, not a state dict",
          CONVERT + "torch.save(torch.jit.load(file).state_dict(), file)");
    }
    return folder;
  }

  private List<StoredTensor> tensors() {
    checkByteOrder();
    List<StoredTensor> tensors = new ArrayList<>();
    PickleReader.read(where, bytes(entries.get(archive + PickleReader.NAME)))
        .forEach((name, tensor) -> {
          MemorySegment data = data(name, tensor);
          if (data != null) {
            tensors.add(new StoredTensor(name, tensor.storage().dtype(), tensor.shape(), data));
          }
        });
    return tensors;
  }

  /** The entry is missing in files of before PyTorch 2.1, nearly all of which are little-endian. */
  private void checkByteOrder() {
    ZipIndex.Entry order = entries.get(archive + "byteorder");
    if (order != null && !hasText(order, "little")) {
      throw new InputException(
          where, "byteorder", "is not little", "save the model on a little-endian machine");
    }
  }

  private boolean hasText(ZipIndex.Entry entry, String text) {
    return entry.size() == text.length()
        && new String(bytes(entry).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.ISO_8859_1)
            .equals(text);
  }

  private MemorySegment bytes(ZipIndex.Entry entry) {
    return file.asSlice(entry.begin(), entry.size());
  }

  /** A tensor's bytes; null for a buffer that is not in C order. */
  private MemorySegment data(String name, PickledTensor tensor) {
    MemorySegment storage = storage(name, tensor.storage());
    long begin;
    long elements;
    long last;
    try {
      elements = tensor.shape().stream().reduce(1L, Math::multiplyExact);
      last = tensor.offset();
      for (int i = 0; i < tensor.shape().size() && elements > 0; i++) {
        last =
            Math.addExact(
                last,
                Math.multiplyExact(tensor.shape().get(i) - 1, tensor.strides().get(i).longValue()));
      }
      begin = tensor.offset();
    } catch (ArithmeticException e) {
      throw refuse(
          name,
          String.format(
              Locale.ROOT,
              "shape %s with strides %s is too large to count",
              tensor.shape(),
              tensor.strides()));
    }
    if (elements == 0 ? begin > tensor.storage().elements() : last >= tensor.storage().elements()) {
      throw refuse(
          name,
          String.format(
              Locale.ROOT,
              "shape %s with strides %s from element %d on goes beyond its storage of %d elements",
              tensor.shape(),
              tensor.strides(),
              begin,
              tensor.storage().elements()));
    }
    if (!tensor.isContiguous()) {
      if (ModelFamily.anyHasBuffer(name)) {
        return null;
      }
      throw new InputException(
          where,
          StrictJson.clip(name),
          String.format(Locale.ROOT, "is stored with strides %s, not in C order", tensor.strides()),
          "save the tensor's .contiguous(), or the model as safetensors");
    }
    int size = tensor.storage().dtype().bytes();
    return storage.asSlice(begin * size, elements * size);
  }

  /** A storage must be exactly its entry; so products of elements and size cannot overflow. */
  private MemorySegment storage(String name, PickledTensor.Storage storage) {
    ZipIndex.Entry entry = entries.get(archive + "data/" + storage.key());
    if (entry == null) {
      throw refuse(
          name,
          String.format(
              Locale.ROOT, "its storage data/%s is missing", StrictJson.clip(storage.key())));
    }
    DType dtype = storage.dtype();
    if (entry.size() % dtype.bytes() != 0 || entry.size() / dtype.bytes() != storage.elements()) {
      throw refuse(
          name,
          String.format(
              Locale.ROOT,
              "its storage is said to be %d elements of %s, but data/%s has %d bytes",
              storage.elements(),
              dtype,
              StrictJson.clip(storage.key()),
              entry.size()));
    }
    return bytes(entry);
  }

  private InputException refuse(String name, String problem) {
    return new InputException(where, StrictJson.clip(name), problem, DAMAGED);
  }
}
