/*
 * replay.c - feeds files to a fuzz target, so that the corpus is an ordinary test with any compiler.
 *
 * Each file is given from a block of exactly its size, for a sanitizer to see one byte too far.
 */
#include <stdbool.h>
#include <stdio.h>

#include "fuzz.h"

#define INPUT_MAXIMUM (1 << 20)

static bool
replay(const char *path)
{
	static uint8_t data[INPUT_MAXIMUM];
	FILE *file = fopen(path, "rb");
	uint8_t *exact;
	size_t size;

	if (file == NULL)
	{
		perror(path);
		return false;
	}
	size = fread(data, 1, sizeof(data), file);
	(void) fclose(file);
	exact = malloc(size > 0 ? size : 1);
	FUZZ_ASSERT(exact != NULL);
	for (size_t i = 0; i < size; i++)
		exact[i] = data[i];
	(void) printf("%s: %zu bytes\n", path, size);
	(void) fflush(stdout); /* names the culprit when the target ends the process */
	(void) LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return true;
}

int
main(int argc, char **argv)
{
	int done = 0;

	for (int i = 1; i < argc; i++)
		done += replay(argv[i]);
	(void) printf("%d of %d inputs replayed\n", done, argc - 1);
	return done == argc - 1 && done > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
