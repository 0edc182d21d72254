/* MessagePack from anybody: never a crash, and what was understood stays the same through both formats. */
#define _POSIX_C_SOURCE 200809L
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_alone(data, size, AEGIS_FORMAT_MSGPACK);
    return 0;
}

#ifndef AEGIS_LIBFUZZER
int main(int argc, char **argv)
{
    return fuzz_main(argc, argv, "tests/fuzz/corpus/msgpack");
}
#endif
