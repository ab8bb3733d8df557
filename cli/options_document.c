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
