// Asserts that every function of homolog_torch.h has the type that the headers of an installed PyTorch give it.
// Compiled by check_header.sh, never linked; HOMOLOG_FUNCTIONS is the list of CHECK(name) lines that the script makes.
#define USE_CUDA 1
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <torch/csrc/inductor/aoti_torch/c/shim.h>
#include <torch/csrc/inductor/aoti_torch/generated/c_shim_aten.h>
#include <torch/csrc/inductor/aoti_torch/generated/c_shim_cpu.h>
#include <torch/csrc/inductor/aoti_torch/generated/c_shim_cuda.h>
#include <torch/csrc/stable/c/shim.h>

// Our declarations, in a namespace of their own: the handle types they name are torch's.
#define HOMOLOG_CHECK_HEADER 1
namespace homolog {
#include "homolog_torch.h"
}

// What the typedefs of our header say.
static_assert(std::is_same_v<AOTITorchError, int32_t>);
static_assert(std::is_same_v<StableIValue, uint64_t>);
static_assert(std::is_same_v<AtenTensorHandle, AtenTensorOpaque*>);
static_assert(std::is_same_v<StableListHandle, StableListOpaque*>);
static_assert(std::is_same_v<StringHandle, StringOpaque*>);
static_assert(std::is_same_v<DeviceGuardHandle, DeviceGuardOpaque*>);
static_assert(std::is_same_v<CUDAStreamGuardHandle, CUDAStreamGuardOpaque*>);

#define CHECK(f) static_assert(std::is_same_v<decltype(&homolog::f), decltype(&::f)>, "signature of " #f);
#include HOMOLOG_FUNCTIONS
