package dev.homolog.bindings;

import static dev.homolog.bindings.TorchErrors.check;

import dev.homolog.bindings.gen.torch.TorchC;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One method for each C function of libtorch about the life and the look of a tensor. It marshals
 * arguments, checks the status and takes over the result.
 */
final class TorchCalls {
  private TorchCalls() {}

  // ---- life ----

  static MemorySegment createFromBlob(
      MemorySegment data, ScalarType dtype, long[] sizes, long[] strides) {
    Scratch s = Scratch.get();
    check(
        TorchC.aoti_torch_create_tensor_from_blob(
            data,
            sizes.length,
            s.sizes(sizes),
            s.strides(strides),
            0,
            dtype.code(),
            Device.CPU.type(),
            Device.CPU.index(),
            s.out0),
        "aoti_torch_create_tensor_from_blob");
    return s.pointer0();
  }

  static TorchTensor emptyStrided(ScalarType dtype, Device device, long[] sizes, long[] strides) {
    Scratch s = Scratch.get();
    check(
        TorchC.aoti_torch_empty_strided(
            sizes.length,
            s.sizes(sizes),
            s.strides(strides),
            dtype.code(),
            device.type(),
            device.index(),
            s.out0),
        "aoti_torch_empty_strided");
    return TorchTensor.own(s.pointer0());
  }

  static TorchTensor scalar(double value) {
    Scratch s = Scratch.get();
    check(
        TorchC.aoti_torch_scalar_to_tensor_float64(value, s.out0),
        "aoti_torch_scalar_to_tensor_float64");
    return TorchTensor.own(s.pointer0());
  }

  static TorchTensor reinterpret(TorchTensor self, long[] sizes, long[] strides, long offset) {
    Scratch s = Scratch.get();
    check(
        TorchC.aoti_torch__reinterpret_tensor(
            self.handle(), sizes.length, s.sizes(sizes), s.strides(strides), offset, s.out0),
        "aoti_torch__reinterpret_tensor",
        self);
    return TorchTensor.ownView(s.pointer0(), self);
  }

  static TorchTensor cloneTensor(TorchTensor self) {
    Scratch s = Scratch.get();
    check(TorchC.aoti_torch_clone(self.handle(), s.out0), "aoti_torch_clone", self);
    return TorchTensor.own(s.pointer0());
  }

  /** A second handle of the same tensor, which the caller must delete or give away. */
  static MemorySegment newHandle(TorchTensor self) {
    Scratch s = Scratch.get();
    check(
        TorchC.aoti_torch_new_tensor_handle(self.handle(), s.out0),
        "aoti_torch_new_tensor_handle",
        self);
    return s.pointer0();
  }

  static void delete(MemorySegment handle) {
    check(TorchC.aoti_torch_delete_tensor_object(handle), "aoti_torch_delete_tensor_object");
  }

  // ---- look; the handle is passed along where the tensor has just given it ----

  static int getDtype(TorchTensor self, MemorySegment handle) {
    Scratch s = Scratch.get();
    check(TorchC.aoti_torch_get_dtype(handle, s.out0), "aoti_torch_get_dtype", self);
    return s.int0();
  }

  static int getDeviceType(TorchTensor self, MemorySegment handle) {
    Scratch s = Scratch.get();
    check(TorchC.aoti_torch_get_device_type(handle, s.out0), "aoti_torch_get_device_type", self);
    return s.int0();
  }

  static int getDeviceIndex(TorchTensor self, MemorySegment handle) {
    Scratch s = Scratch.get();
    check(TorchC.aoti_torch_get_device_index(handle, s.out0), "aoti_torch_get_device_index", self);
    return s.int0();
  }

  static long[] getSizes(TorchTensor self, MemorySegment handle) {
    int dim = getDim(self, handle);
    Scratch s = Scratch.get();
    check(TorchC.aoti_torch_get_sizes(handle, s.out0), "aoti_torch_get_sizes", self);
    return longs(s.pointer0(), dim);
  }

  static long[] getStrides(TorchTensor self, MemorySegment handle) {
    int dim = getDim(self, handle);
    Scratch s = Scratch.get();
    check(TorchC.aoti_torch_get_strides(handle, s.out0), "aoti_torch_get_strides", self);
    return longs(s.pointer0(), dim);
  }

  private static int getDim(TorchTensor self, MemorySegment handle) {
    Scratch s = Scratch.get();
    check(TorchC.aoti_torch_get_dim(handle, s.out0), "aoti_torch_get_dim", self);
    return Math.toIntExact(s.long0());
  }

  /** Copies a borrowed array. */
  private static long[] longs(MemorySegment array, int length) {
    return array.reinterpret(8L * length).toArray(ValueLayout.JAVA_LONG);
  }

  static long getStorageOffset(TorchTensor self) {
    Scratch s = Scratch.get();
    check(
        TorchC.aoti_torch_get_storage_offset(self.handle(), s.out0),
        "aoti_torch_get_storage_offset",
        self);
    return s.long0();
  }

  /** In bytes. */
  static long getStorageSize(TorchTensor self) {
    Scratch s = Scratch.get();
    check(
        TorchC.aoti_torch_get_storage_size(self.handle(), s.out0),
        "aoti_torch_get_storage_size",
        self);
    return s.long0();
  }

  static MemorySegment getDataPtr(TorchTensor self) {
    Scratch s = Scratch.get();
    check(TorchC.aoti_torch_get_data_ptr(self.handle(), s.out0), "aoti_torch_get_data_ptr", self);
    return s.pointer0();
  }

  // ---- values ----

  static void copy(TorchTensor self, TorchTensor source) {
    check(
        TorchC.aoti_torch_copy_(self.writableHandle(), source.handle(), 0),
        "aoti_torch_copy_",
        self,
        source);
  }

  static void zero(TorchTensor self) {
    check(TorchC.aoti_torch_zero_(self.writableHandle()), "aoti_torch_zero_", self);
  }

  static void fill(TorchTensor self, double value) {
    check(
        TorchC.aoti_torch_aten_fill__Scalar(self.writableHandle(), value),
        "aoti_torch_aten_fill__Scalar",
        self);
  }
}
