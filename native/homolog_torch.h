/*
 * The functions of libtorch's C ABI that Homolog calls, and no other.
 *
 * libtorch's own headers are C++ and cannot be read by jextract; this one is C, and check_header.sh compares every
 * declaration below with the headers of an installed PyTorch, so that no signature here rests on trust.
 *
 * Ownership, unless a comment says otherwise: arguments are borrowed, and what comes back through the last pointer is a
 * new handle that the caller deletes. A function that returns AOTITorchError gives 0 on success.
 */
#ifndef HOMOLOG_TORCH_H
#define HOMOLOG_TORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* check_header.cpp takes these from torch's headers instead, and asserts what they are. */
#ifndef HOMOLOG_CHECK_HEADER
typedef int32_t AOTITorchError;
typedef uint64_t StableIValue;
typedef struct AtenTensorOpaque *AtenTensorHandle;
typedef struct StableListOpaque *StableListHandle;
typedef struct StringOpaque *StringHandle;
typedef struct DeviceGuardOpaque *DeviceGuardHandle;
typedef struct CUDAStreamGuardOpaque *CUDAStreamGuardHandle;
#endif

/* ---- Versions and codes ---- */

/* major << 56 | minor << 48 | patch << 40 | ... of the loaded library */
uint64_t aoti_torch_abi_version(void);

int32_t aoti_torch_device_type_cpu(void);
int32_t aoti_torch_device_type_cuda(void);
int32_t aoti_torch_dtype_bfloat16(void);
int32_t aoti_torch_dtype_float16(void);
int32_t aoti_torch_dtype_float32(void);
int32_t aoti_torch_dtype_float64(void);
int32_t aoti_torch_dtype_uint8(void);
int32_t aoti_torch_dtype_int32(void);
int32_t aoti_torch_dtype_int64(void);
int32_t aoti_torch_dtype_bool(void);

/* ---- Errors of the calling thread: torch 2.13 and newer ---- */

/* borrowed, valid until the thread's next exception */
const char *torch_exception_get_what_without_backtrace(void);

/* ---- Modes ---- */

bool aoti_torch_grad_mode_is_enabled(void);
void aoti_torch_grad_mode_set_enabled(bool enabled);
AOTITorchError torch_get_num_threads(uint32_t *out_num_threads);

/* ---- Tensors: life ---- */

/* the memory at data stays the caller's and must outlive every tensor that shares it */
AOTITorchError aoti_torch_create_tensor_from_blob(
    void *data,
    int64_t ndim,
    const int64_t *sizes_ptr,
    const int64_t *strides_ptr,
    int64_t storage_offset,
    int32_t dtype,
    int32_t device_type,
    int32_t device_index,
    AtenTensorHandle *ret);
AOTITorchError aoti_torch_empty_strided(
    int64_t ndim,
    const int64_t *sizes_ptr,
    const int64_t *strides_ptr,
    int32_t dtype,
    int32_t device_type,
    int32_t device_index,
    AtenTensorHandle *ret_new_tensor);
/* page-locked host memory, for copies to a GPU that overlap with work; needs CUDA */
AOTITorchError aoti_torch_empty_strided_pinned(
    int64_t ndim,
    const int64_t *sizes_ptr,
    const int64_t *strides_ptr,
    int32_t dtype,
    int32_t device_type,
    int32_t device_index,
    AtenTensorHandle *ret_new_tensor);
/* a view of self's storage, which it keeps alive; storage_offset counts elements from self's first one, unchecked */
AOTITorchError aoti_torch__reinterpret_tensor(
    AtenTensorHandle self,
    int64_t ndim,
    const int64_t *sizes_ptr,
    const int64_t *strides_ptr,
    int64_t storage_offset,
    AtenTensorHandle *ret_new_tensor);
/* a 0-dimensional tensor on the CPU */
AOTITorchError aoti_torch_scalar_to_tensor_float64(double value, AtenTensorHandle *ret_new_tensor);
AOTITorchError aoti_torch_clone(AtenTensorHandle self, AtenTensorHandle *ret);
AOTITorchError aoti_torch_new_tensor_handle(AtenTensorHandle orig_handle, AtenTensorHandle *new_handle);
AOTITorchError aoti_torch_delete_tensor_object(AtenTensorHandle tensor);

/* ---- Tensors: what they are ---- */

/* address of the first element, storage offset included; borrowed */
AOTITorchError aoti_torch_get_data_ptr(AtenTensorHandle tensor, void **ret_data_ptr);
AOTITorchError aoti_torch_get_dim(AtenTensorHandle tensor, int64_t *ret_dim);
AOTITorchError aoti_torch_get_numel(AtenTensorHandle tensor, int64_t *ret_numel);
/* borrowed arrays of dim elements */
AOTITorchError aoti_torch_get_sizes(AtenTensorHandle tensor, int64_t **ret_sizes);
AOTITorchError aoti_torch_get_strides(AtenTensorHandle tensor, int64_t **ret_strides);
AOTITorchError aoti_torch_get_storage_offset(AtenTensorHandle tensor, int64_t *ret_storage_offset);
/* bytes */
AOTITorchError aoti_torch_get_storage_size(AtenTensorHandle tensor, int64_t *ret_size);
AOTITorchError aoti_torch_get_dtype(AtenTensorHandle tensor, int32_t *ret_dtype);
AOTITorchError aoti_torch_get_device_type(AtenTensorHandle tensor, int32_t *ret_device_type);
AOTITorchError aoti_torch_get_device_index(AtenTensorHandle tensor, int32_t *ret_device_index);
/* the one element of a tensor, which it copies to the host */
AOTITorchError aoti_torch_item_float32(AtenTensorHandle tensor, float *ret_value);
AOTITorchError aoti_torch_item_float64(AtenTensorHandle tensor, double *ret_value);
AOTITorchError aoti_torch_item_int64(AtenTensorHandle tensor, int64_t *ret_value);
AOTITorchError aoti_torch_item_bool(AtenTensorHandle tensor, bool *ret_value);

/* ---- Operators of any device ---- */

/* converts dtype, layout and device */
AOTITorchError aoti_torch_copy_(AtenTensorHandle self, AtenTensorHandle src, int32_t non_blocking);
AOTITorchError aoti_torch_zero_(AtenTensorHandle self);
AOTITorchError aoti_torch_aten_fill__Scalar(AtenTensorHandle self, double value);
AOTITorchError aoti_torch_aten_amax(
    AtenTensorHandle self, const int64_t *dim, int64_t dim_len_, int32_t keepdim, AtenTensorHandle *ret0);
AOTITorchError aoti_torch_aten_subtract_Tensor(
    AtenTensorHandle self, AtenTensorHandle other, double alpha, AtenTensorHandle *ret0);

/* ---- The dispatcher: any operator without a Scalar argument ---- */

/*
 * stack holds all arguments of the schema in order and must be as long as the longer of arguments and results; results
 * are written from stack[0]. Handles on it (tensors, lists, strings, optionals) are consumed. extension_build_version is
 * encoded as aoti_torch_abi_version is.
 */
AOTITorchError torch_call_dispatcher(
    const char *opName, const char *overloadName, StableIValue *stack, uint64_t extension_build_version);
AOTITorchError torch_new_list_reserve_size(size_t size, StableListHandle *ret);
AOTITorchError torch_list_push_back(StableListHandle list_handle, StableIValue element);
AOTITorchError torch_delete_list(StableListHandle list_handle);
AOTITorchError torch_new_string_handle(const char *data, size_t length, StringHandle *handle);
AOTITorchError torch_delete_string(StringHandle handle);
/* torch 2.13 and newer; before, an optional is what C++'s new gives and delete frees */
AOTITorchError torch_new_stable_ivalue(StableIValue **ret_value);
AOTITorchError torch_delete_stable_ivalue(StableIValue *value);

/* ---- Operators of the CPU ---- */

AOTITorchError aoti_torch_cpu_mm_out(AtenTensorHandle out, AtenTensorHandle self, AtenTensorHandle mat2);
AOTITorchError aoti_torch_cpu_addmm_out(
    AtenTensorHandle out,
    AtenTensorHandle self,
    AtenTensorHandle mat1,
    AtenTensorHandle mat2,
    double beta,
    double alpha);
AOTITorchError aoti_torch_cpu_bmm_out(AtenTensorHandle out, AtenTensorHandle self, AtenTensorHandle mat2);
AOTITorchError aoti_torch_cpu_baddbmm_out(
    AtenTensorHandle out,
    AtenTensorHandle self,
    AtenTensorHandle batch1,
    AtenTensorHandle batch2,
    double beta,
    double alpha);
AOTITorchError aoti_torch_cpu_add_Tensor(
    AtenTensorHandle self, AtenTensorHandle other, double alpha, AtenTensorHandle *ret0);
AOTITorchError aoti_torch_cpu_add_Scalar(AtenTensorHandle self, double other, double alpha, AtenTensorHandle *ret0);
AOTITorchError aoti_torch_cpu_mul_Tensor(AtenTensorHandle self, AtenTensorHandle other, AtenTensorHandle *ret0);
AOTITorchError aoti_torch_cpu_mul_Scalar(AtenTensorHandle self, double other, AtenTensorHandle *ret0);
AOTITorchError aoti_torch_cpu_pow_Tensor_Scalar(AtenTensorHandle self, double exponent, AtenTensorHandle *ret0);
AOTITorchError aoti_torch_cpu_topk(
    AtenTensorHandle self,
    int64_t k,
    int64_t dim,
    int32_t largest,
    int32_t sorted,
    AtenTensorHandle *ret0,
    AtenTensorHandle *ret1);
AOTITorchError aoti_torch_cpu_sort_stable(
    AtenTensorHandle self,
    int32_t *stable,
    int64_t dim,
    int32_t descending,
    AtenTensorHandle *ret0,
    AtenTensorHandle *ret1);
AOTITorchError aoti_torch_cpu_cat(
    const AtenTensorHandle *tensors, int64_t tensors_len_, int64_t dim, AtenTensorHandle *ret0);
AOTITorchError aoti_torch_cpu_cumsum(AtenTensorHandle self, int64_t dim, int32_t *dtype, AtenTensorHandle *ret0);
AOTITorchError aoti_torch_cpu_bucketize_Tensor(
    AtenTensorHandle self, AtenTensorHandle boundaries, int32_t out_int32, int32_t right, AtenTensorHandle *ret0);

/* ---- The same operators of CUDA, in libtorch_cuda ---- */

AOTITorchError aoti_torch_cuda_mm_out(AtenTensorHandle out, AtenTensorHandle self, AtenTensorHandle mat2);
AOTITorchError aoti_torch_cuda_addmm_out(
    AtenTensorHandle out,
    AtenTensorHandle self,
    AtenTensorHandle mat1,
    AtenTensorHandle mat2,
    double beta,
    double alpha);
AOTITorchError aoti_torch_cuda_bmm_out(AtenTensorHandle out, AtenTensorHandle self, AtenTensorHandle mat2);
AOTITorchError aoti_torch_cuda_baddbmm_out(
    AtenTensorHandle out,
    AtenTensorHandle self,
    AtenTensorHandle batch1,
    AtenTensorHandle batch2,
    double beta,
    double alpha);
AOTITorchError aoti_torch_cuda_add_Tensor(
    AtenTensorHandle self, AtenTensorHandle other, double alpha, AtenTensorHandle *ret0);
AOTITorchError aoti_torch_cuda_add_Scalar(AtenTensorHandle self, double other, double alpha, AtenTensorHandle *ret0);
AOTITorchError aoti_torch_cuda_mul_Tensor(AtenTensorHandle self, AtenTensorHandle other, AtenTensorHandle *ret0);
AOTITorchError aoti_torch_cuda_mul_Scalar(AtenTensorHandle self, double other, AtenTensorHandle *ret0);
AOTITorchError aoti_torch_cuda_pow_Tensor_Scalar(AtenTensorHandle self, double exponent, AtenTensorHandle *ret0);
AOTITorchError aoti_torch_cuda_topk(
    AtenTensorHandle self,
    int64_t k,
    int64_t dim,
    int32_t largest,
    int32_t sorted,
    AtenTensorHandle *ret0,
    AtenTensorHandle *ret1);
AOTITorchError aoti_torch_cuda_sort_stable(
    AtenTensorHandle self,
    int32_t *stable,
    int64_t dim,
    int32_t descending,
    AtenTensorHandle *ret0,
    AtenTensorHandle *ret1);
AOTITorchError aoti_torch_cuda_cat(
    const AtenTensorHandle *tensors, int64_t tensors_len_, int64_t dim, AtenTensorHandle *ret0);
AOTITorchError aoti_torch_cuda_cumsum(AtenTensorHandle self, int64_t dim, int32_t *dtype, AtenTensorHandle *ret0);
AOTITorchError aoti_torch_cuda_bucketize_Tensor(
    AtenTensorHandle self, AtenTensorHandle boundaries, int32_t out_int32, int32_t right, AtenTensorHandle *ret0);

/* ---- Devices and streams ---- */

/* sets the thread's current device until it is deleted */
AOTITorchError aoti_torch_create_device_guard(int32_t device_index, DeviceGuardHandle *ret_guard);
AOTITorchError aoti_torch_delete_device_guard(DeviceGuardHandle guard);
AOTITorchError aoti_torch_get_current_device_index(int32_t *ret_device_index);
/* sets the thread's current stream until it is deleted */
AOTITorchError aoti_torch_create_cuda_stream_guard(
    void *stream, int32_t device_index, CUDAStreamGuardHandle *ret_guard);
AOTITorchError aoti_torch_delete_cuda_stream_guard(CUDAStreamGuardHandle guard);
/* a cudaStream_t, borrowed */
AOTITorchError aoti_torch_get_current_cuda_stream(int32_t device_index, void **ret_stream);
AOTITorchError torch_get_cuda_stream_from_pool(bool isHighPriority, int32_t device_index, void **ret_stream);
AOTITorchError torch_cuda_stream_synchronize(void *stream, int32_t device_index);
/* torch's cublasHandle_t of the thread's current device and stream, borrowed */
AOTITorchError torch_get_current_cuda_blas_handle(void **ret_handle);

#endif
