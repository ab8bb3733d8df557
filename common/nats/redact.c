/*
 * redact.c - taking credentials out of texts, in place; a text only ever gets shorter or stays.
 */
#include "redact.h"

#include <string.h>

void
redact_userinfo(char *text)
{
	char *at = text;

	while ((at = strstr(at, "://")) != NULL)
	{
		size_t length;
		char *sign = NULL;

		at += 3;
		length = strcspn(at, ", \t\r\n\"'");
		for (size_t i = 0; i < length; i++)
		{
			if (at[i] == '@')
				sign = at + i;
		}
		if (sign != NULL)
			memmove(at, sign + 1, strlen(sign + 1) + 1);
	}
}

void
redact_secret(char *text, const char *secret)
{
	size_t length = secret != NULL ? strlen(secret) : 0;

	if (length == 0)
		return;
	for (char *at = text; (at = strstr(at, secret)) != NULL; at += length)
		memset(at, '*', length);
}
