/*
 * identifier.c - random ids by libsodium's generator, each character equally likely.
 */
#include "identifier.h"

#include <sodium.h>
#include <string.h>

const char *
identifier_make(char *id, const char *prefix)
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t length = strlen(prefix);

	memcpy(id, prefix, length);
	for (int i = 0; i < ID_RANDOM; i++)
		id[length++] = characters[randombytes_uniform(sizeof(characters) - 1)];
	id[length] = '\0';
	return id;
}
