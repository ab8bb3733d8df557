/*
 * option.c - names, types and values of single options.  Values are checked here and nowhere else,
 * whichever way they came in.
 */
#include "option.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

typedef struct Unit
{
	const char *name;
	int64_t factor;
} Unit;

/* Ascending; the first of equal ones is the one printed. */
static const Unit sizes[] = {
	{"B", 1},
	{"kB", INT64_C(1) << 10},
	{"KB", INT64_C(1) << 10},
	{"KiB", INT64_C(1) << 10},
	{"MB", INT64_C(1) << 20},
	{"MiB", INT64_C(1) << 20},
	{"GB", INT64_C(1) << 30},
	{"GiB", INT64_C(1) << 30},
	{"TB", INT64_C(1) << 40},
	{"TiB", INT64_C(1) << 40},
	{NULL, 0},
};

static const Unit durations[] = {
	{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0},
};

static const char *const yes[] = {"on", "true", "yes", "1", NULL};
static const char *const no[] = {"off", "false", "no", "0", NULL};

static bool read_text(const Option *option, const char *text, OptionValue *value, SluiceError *err);
static bool read_number(const Option *option, const char *text, OptionValue *value,
						SluiceError *err);
static bool read_bool(const Option *option, const char *text, OptionValue *value, SluiceError *err);
static bool read_enum(const Option *option, const char *text, OptionValue *value, SluiceError *err);
static bool read_list(const Option *option, const char *text, OptionValue *value, SluiceError *err);

/* Everything that depends on an option's type. */
static const struct
{
	bool (*read)(const Option *option, const char *text, OptionValue *value, SluiceError *err);
	const char *placeholder;
	const Unit *units;
	const char *expected; /* what a number should look like */
	bool file;
} types[] = {
	[OPTION_STRING] = {read_text, "TEXT", NULL, NULL, false},
	[OPTION_SECRET] = {read_text, "SECRET", NULL, NULL, true},
	[OPTION_URL] = {read_text, "URL", NULL, NULL, true},
	[OPTION_INTEGER] = {read_number, "NUMBER", NULL, "a whole number", false},
	[OPTION_SIZE] = {read_number, "SIZE", sizes, "a size like 8192, 64kB, 4MB or 1GB", false},
	[OPTION_DURATION] = {read_number, "TIME", durations, "a duration like 250ms, 5s, 2min or 1h",
						 false},
	[OPTION_BOOL] = {read_bool, NULL, NULL, NULL, false},
	[OPTION_ENUM] = {read_enum, "WORD", NULL, NULL, false},
	[OPTION_LIST] = {read_list, "LIST", NULL, NULL, false},
};

void
option_environment_name(const Option *option, const char *suffix, char *out, size_t size)
{
	(void) snprintf(out, size, "SLUICE_%s%s", option->name, suffix);
	for (char *at = out; *at != '\0'; at++)
		*at = *at == '-' ? '_' : (char) toupper((unsigned char) *at);
}

bool
option_has_file(const Option *option)
{
	return types[option->type].file;
}

const char *
option_placeholder(const Option *option)
{
	return option->placeholder != NULL ? option->placeholder : types[option->type].placeholder;
}

static bool
fail_memory(SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory reading options");
}

static bool
read_text(const Option *option, const char *text, OptionValue *value, SluiceError *err)
{
	if (*text == '\0' && !option->may_be_empty)
	{
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "it is empty");
		return sluice_hint(err, "give a value, or leave the option out");
	}
	value->text = strdup(text);
	return value->text != NULL || fail_memory(err);
}

/* The factor of a unit as typed, 0 when there is no such unit. */
static int64_t
unit_factor(OptionType type, const char *name, int64_t number)
{
	const Unit *units = types[type].units;

	if (*name == '\0')
		return type != OPTION_DURATION || number == 0 ? 1 : 0;
	for (; units != NULL && units->name != NULL; units++)
		if (strcmp(units->name, name) == 0)
			return units->factor;
	return 0;
}

static bool
fail_range(const Option *option, const char *text, SluiceError *err)
{
	char low[32], high[32];

	option_format_number(option->type, option->minimum, low, sizeof(low));
	option_format_number(option->type, option->maximum, high, sizeof(high));
	return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%.64s\" is out of range, allowed is %s to %s",
					   text, low, high);
}

static bool
fail_number(const Option *option, const char *text, SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%.64s\" is not %s", text,
					   types[option->type].expected);
}

static bool
read_number(const Option *option, const char *text, OptionValue *value, SluiceError *err)
{
	char *end;
	char canonical[32];
	long long number;
	int64_t factor;
	bool huge;

	if (!isdigit((unsigned char) *text) && *text != '-')
		return fail_number(option, text, err);
	errno = 0;
	number = strtoll(text, &end, 10);
	huge = errno == ERANGE;
	while (*end == ' ')
		end++;
	factor = unit_factor(option->type, end, number);
	if (factor == 0 || end == text || (*text == '-' && option->type != OPTION_INTEGER))
		return fail_number(option, text, err);
	if (huge || __builtin_mul_overflow(number, factor, &value->number))
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%.64s\" is too big a number", text);
	if ((option->minimum != 0 || option->maximum != 0) &&
		(value->number < option->minimum || value->number > option->maximum))
		return fail_range(option, text, err);
	option_format_number(option->type, value->number, canonical, sizeof(canonical));
	return read_text(option, canonical, value, err);
}

/* The place of `word` in a list that ends with NULL, or -1. */
static int
find_word(const char *const *words, const char *word)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

static bool
read_bool(const Option *option, const char *text, OptionValue *value, SluiceError *err)
{
	value->number = find_word(yes, text) >= 0;
	if (value->number == 0 && find_word(no, text) < 0)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%.64s\" is neither on nor off", text);
	return read_text(option, value->number ? "on" : "off", value, err);
}

static bool
read_enum(const Option *option, const char *text, OptionValue *value, SluiceError *err)
{
	char words[256] = "";
	size_t used = 0;

	value->number = find_word(option->allowed, text);
	if (value->number >= 0)
		return read_text(option, text, value, err);
	for (const char *const *word = option->allowed; *word != NULL && used < sizeof(words); word++)
		used += (size_t) snprintf(words + used, sizeof(words) - used, "%s%s", used == 0 ? "" : ", ",
								  *word);
	return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%.64s\" is none of: %s", text, words);
}

static bool
add_item(OptionValue *value, const char *text, size_t length, SluiceError *err)
{
	char **items;

	if (value->count >= OPTION_LIST_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "the list has more than %d items",
						   OPTION_LIST_MAXIMUM);
	items = reallocarray(value->items, value->count + 1, sizeof(*items));
	if (items == NULL)
		return fail_memory(err);
	value->items = items;
	items[value->count] = strndup(text, length);
	if (items[value->count] == NULL)
		return fail_memory(err);
	value->count++;
	return true;
}

/* Blanks around an item do not count, nor do empty items. */
static bool
read_list(const Option *option, const char *text, OptionValue *value, SluiceError *err)
{
	(void) option;
	while (*text != '\0')
	{
		size_t skip = strspn(text, ", \t");
		size_t length = strcspn(text + skip, ",");
		size_t used = length;

		while (used > 0 && isspace((unsigned char) text[skip + used - 1]))
			used--;
		if (used > 0 && !add_item(value, text + skip, used, err))
			return false;
		text += skip + length;
	}
	return true;
}

bool
option_value_read(const Option *option, const char *text, OptionValue *value, SluiceError *err)
{
	memset(value, 0, sizeof(*value));
	if (types[option->type].read(option, text, value, err))
		return true;
	option_value_free(value);
	return false;
}

bool
option_value_append(OptionValue *value, OptionValue *more, SluiceError *err)
{
	bool good = true;

	for (size_t i = 0; good && i < more->count; i++)
		good = add_item(value, more->items[i], strlen(more->items[i]), err);
	option_value_free(more);
	return good;
}

bool
option_value_equal(const OptionValue *a, const OptionValue *b)
{
	if ((a->text == NULL) != (b->text == NULL) || a->number != b->number || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return a->text == NULL || strcmp(a->text, b->text) == 0;
}

void
option_value_free(OptionValue *value)
{
	for (size_t i = 0; i < value->count; i++)
		file_free(value->items[i]);
	free(value->items);
	file_free(value->text);
	memset(value, 0, sizeof(*value));
}

void
option_format_number(OptionType type, int64_t number, char *out, size_t size)
{
	const Unit *best = NULL;

	for (const Unit *unit = types[type].units; unit != NULL && unit->name != NULL; unit++)
		if (number != 0 && number % unit->factor == 0 &&
			(best == NULL || unit->factor > best->factor))
			best = unit;
	if (best != NULL)
		(void) snprintf(out, size, "%" PRId64 "%s", number / best->factor, best->name);
	else
		(void) snprintf(out, size, "%" PRId64, number);
}

size_t
option_name_distance(const char *a, const char *b)
{
	size_t row[OPTION_NAME_SIZE + 1];
	size_t width = strnlen(b, OPTION_NAME_SIZE);

	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 0; a[i] != '\0'; i++)
	{
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 1; j <= width; j++)
		{
			size_t replace = diagonal + (a[i] != b[j - 1]);
			size_t shorter = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

			diagonal = row[j];
			row[j] = replace < shorter ? replace : shorter;
		}
	}
	return row[width];
}
