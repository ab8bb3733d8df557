/*
 * options_document.c - NAME=VALUE to JSON (options_document.h).
 */
#include "options_document.h"

#include <string.h>

#define NAME_MAXIMUM 64

json_t *
option_value_json(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);

	/* Numbers with leading zeros and the like are texts, and so is what has no value of its own in quotes. */
	if (value != NULL && !json_is_string(value))
		return value;
	json_decref(value);
	return json_string(text);
}

static bool
take_one(json_t *options, const char *text, const char *flag, SluiceError *err)
{
	char name[NAME_MAXIMUM + 1];
	size_t length = strcspn(text, "=");
	json_t *value;

	if (text[length] != '=' || length == 0 || length > NAME_MAXIMUM)
	{
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "--%s is given as NAME=VALUE", flag);
		return sluice_hint(err, "for example --%s copy_workers=4", flag);
	}
	for (size_t i = 0; i < length; i++)
		name[i] = text[i] == '-' ? '_' : text[i];
	name[length] = '\0';
	value = option_value_json(text + length + 1);
	return json_object_set_new(options, name, value) == 0 ||
		   sluice_fail(err, SLUICE_ERROR_ARGUMENT, "--%s %s: the value is not UTF-8", flag, name);
}

bool
options_document_take(json_t *document, const char *member, const Arguments *arguments,
					  const char *flag, SluiceError *err)
{
	json_t *options = json_object_get(document, member);
	const char *text;

	for (size_t i = 0; (text = arguments_each(arguments, flag, i)) != NULL; i++)
	{
		if (options == NULL)
		{
			options = json_object();
			json_object_set_new(document, member, options);
		}
		if (!take_one(options, text, flag, err))
			return false;
	}
	return true;
}

/* ---- options in texts ---- */

/* Whether a word is a value of an option that the text goes on with: else it is part of a sentence. */
static bool
is_value(const JobOption *option, const char *word, size_t length)
{
	for (const char *const *allowed = option->allowed; allowed != NULL && *allowed != NULL;
		 allowed++)
		if (strlen(*allowed) == length && memcmp(*allowed, word, length) == 0)
			return true;
	return false;
}

/* The option at "--name" of a text; NULL for any other text.  *length is that of all of it. */
static const JobOption *
option_at(JobPart part, const char *text, size_t *length)
{
	char name[NAME_MAXIMUM + 1];
	size_t count;

	if (strncmp(text, "--", 2) != 0)
		return NULL;
	count = strspn(text + 2, "abcdefghijklmnopqrstuvwxyz-_");
	if (count == 0 || count > NAME_MAXIMUM)
		return NULL;
	for (size_t i = 0; i < count; i++)
		name[i] = text[2 + i] == '-' ? '_' : text[2 + i];
	name[count] = '\0';
	*length = 2 + count;
	return job_option_find(part, name);
}

bool
options_hint(JobPart part, const char *flag, const char *text, char *out, size_t size)
{
	size_t used = 0, length = 0;
	bool any = false;

	out[0] = '\0';
	while (*text != '\0' && used + 1 < size)
	{
		const JobOption *option = option_at(part, text, &length);
		bool valued;

		if (option == NULL)
		{
			out[used++] = *text++;
			out[used] = '\0';
			continue;
		}
		any = true;
		text += length;
		valued = *text == ' ' && is_value(option, text + 1, strcspn(text + 1, " ,;:."));
		(void) snprintf(out + used, size - used, "--%s %s=%s", flag, option->name,
						valued ? "" : "...");
		used += strlen(out + used);
		text += valued;
	}
	return any;
}
