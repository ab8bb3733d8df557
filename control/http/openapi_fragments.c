/*
 * openapi_fragments.c - the files of control/openapi as part of the program.
 *
 * OPENAPI_FRAGMENTS comes from the Makefile: FRAGMENT(name) for each of them.
 */
#include "openapi.h"

#ifndef OPENAPI_FRAGMENTS
#define OPENAPI_FRAGMENTS
#endif

#define FRAGMENT(name)                                                                             \
	__asm__(".section .rodata\n"                                                                   \
			"openapi_of_" #name ":\n"                                                              \
			".incbin \"control/openapi/" #name ".json\"\n"                                         \
			"openapi_end_of_" #name ":\n"                                                          \
			".byte 0\n"                                                                            \
			".previous\n");                                                                        \
	extern const char openapi_of_##name[] __attribute__((visibility("hidden")));                   \
	extern const char openapi_end_of_##name[] __attribute__((visibility("hidden")));
OPENAPI_FRAGMENTS
#undef FRAGMENT

#define FRAGMENT(name) {#name, openapi_of_##name, openapi_end_of_##name},
const OpenapiFragment openapi_fragments[] = {OPENAPI_FRAGMENTS{NULL, NULL, NULL}};
#undef FRAGMENT

const size_t openapi_fragment_count = sizeof(openapi_fragments) / sizeof(openapi_fragments[0]) - 1;
