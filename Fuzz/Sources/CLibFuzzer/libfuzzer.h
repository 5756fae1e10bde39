#pragma once
#include <stddef.h>
#include <stdint.h>

/// LLVM's documented way to use libFuzzer as a library: runs until the limits of the flags, or a crash, and returns the exit status.
/// The implementation is the `fuzzer_no_main` runtime of the toolchain.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*one_input)(const uint8_t *data, size_t size));
