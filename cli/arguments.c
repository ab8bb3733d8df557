/*
 * arguments.c - reading a command line (arguments.h).
 *
 * Two passes: the first finds the words that name the command, which needs to know of flags only whether
 * they take a value; the second reads the flags, which are the command's own and everybody's.
 */
#include "arguments.h"

#include <string.h>

#include "common/daemon/log_redact.h"

#define WORDS_OF_COMMAND 2 /* at most */

/* ---- values ---- */

static Option
option_of(const Flag *flag)
{
	return (Option){.name = flag->name,
					.type = flag->type,
					.minimum = flag->minimum,
					.maximum = flag->maximum,
					.allowed = flag->allowed,
					.placeholder = flag->placeholder,
					.help = flag->help,
					.may_be_empty = true};
}

/* The value of a checked text. */
static bool
read_value(const Flag *flag, const char *text, OptionValue *value, SluiceError *err)
{
	const Option option = option_of(flag);

	return option_value_read(&option, text, value, err);
}

static bool
take_flag(Arguments *arguments, const Flag *flag, const char *text, SluiceError *err)
{
	OptionValue value;

	if (!read_value(flag, text, &value, err))
		return sluice_prefix(err, "--%s", flag->name);
	option_value_free(&value);
	if (arguments->given_count == ARGUMENTS_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "more than %d flags", ARGUMENTS_MAXIMUM);
	arguments->given[arguments->given_count++] = (GivenFlag){flag, text};
	return true;
}

/* ---- flags ---- */

static const char *
name_of(const Arguments *arguments)
{
	return arguments->command != NULL ? arguments->command->words : "help";
}

static bool
fail_unknown(const Arguments *arguments, const char *name, SluiceError *err)
{
	const Flag *sets[] = {arguments->command != NULL ? arguments->command->flags : NULL,
						  common_flags};
	const char *nearest = NULL;
	size_t best = strlen(name) / 3 + 2;

	for (size_t set = 0; set < 2; set++)
		for (const Flag *flag = sets[set]; flag != NULL && flag->name != NULL; flag++)
		{
			size_t distance = option_name_distance(flag->name, name);

			if (distance < best)
			{
				best = distance;
				nearest = flag->name;
			}
		}
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "unknown flag --%.64s", name);
	if (nearest != NULL)
		return sluice_hint(err, "did you mean --%s?", nearest);
	if (strstr(name, "password") != NULL || strstr(name, "key") != NULL)
		return sluice_hint(err,
						   "secrets come from files, standard input or the environment, "
						   "because flags show in the process list: sluice %s --help",
						   name_of(arguments));
	return sluice_hint(err, "sluice %s --help lists its flags", name_of(arguments));
}

/* The flag of "--name", "--no-name", and what stands behind a "=". */
static const Flag *
find_long(const Command *command, const char *argument, const char **text, bool *negated)
{
	size_t length = strcspn(argument, "=");
	const Flag *flag = command_flag(command, argument, length);

	*text = argument[length] == '=' ? argument + length + 1 : NULL;
	*negated = false;
	if (flag == NULL && length > 3 && strncmp(argument, "no-", 3) == 0)
	{
		flag = command_flag(command, argument + 3, length - 3);
		*negated = flag != NULL && flag->type == OPTION_BOOL;
		return *negated ? flag : NULL;
	}
	return flag;
}

/* What an argument says of a flag. */
typedef struct Found
{
	const Flag *flag;
	const char *text; /* NULL: the next argument */
	bool negated;
} Found;

static bool
is_flag(const char *argument)
{
	return argument[0] == '-' && argument[1] != '\0';
}

static Found
find_flag(const Command *command, const char *argument)
{
	Found found = {0};

	if (argument[1] == '-')
		found.flag = find_long(command, argument + 2, &found.text, &found.negated);
	else
	{
		found.flag = command_flag_of_letter(command, argument[1]);
		found.text = argument[2] != '\0' ? argument + 2 : NULL;
	}
	return found;
}

/* Reads the flag at argv[*at] and moves behind it. */
static bool
read_flag(Arguments *arguments, int argc, char *const *argv, int *at, SluiceError *err)
{
	const char *argument = argv[(*at)++];
	Found found = find_flag(arguments->command, argument);

	if (found.flag == NULL)
		return fail_unknown(arguments, argument + (argument[1] == '-' ? 2 : 1), err);
	if (found.flag->type == OPTION_BOOL && (found.text == NULL || found.negated))
		return take_flag(arguments, found.flag, found.negated ? "off" : "on", err);
	if (found.text == NULL)
	{
		if (*at == argc)
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "--%s needs a value: %s",
							   found.flag->name, found.flag->placeholder);
		found.text = argv[(*at)++];
	}
	return take_flag(arguments, found.flag, found.text, err);
}

/* ---- words ---- */

/* Behind a flag and the value that it takes as an argument of its own, as far as can be told without the command. */
static int
skip_flag(int argc, char *const *argv, int at)
{
	Found found = {0};

	/* Letters and names mean the same thing in every command that has them. */
	for (const Command *command = commands; found.flag == NULL && command->words != NULL; command++)
		found = find_flag(command, argv[at]);
	if (found.flag == NULL || found.flag->type == OPTION_BOOL || found.text != NULL)
		return at + 1;
	return at + 2 < argc ? at + 2 : argc;
}

/* Finds the command by the first words; `behind` gets the place of each of its words in argv. */
static void
find_command(Arguments *arguments, int argc, char *const *argv, int places[WORDS_OF_COMMAND],
			 size_t *used)
{
	const char *words[WORDS_OF_COMMAND] = {NULL};
	size_t count = 0;

	for (int at = 1; at < argc && count < WORDS_OF_COMMAND && strcmp(argv[at], "--") != 0;)
	{
		if (is_flag(argv[at]))
		{
			at = skip_flag(argc, argv, at);
			continue;
		}
		places[count] = at;
		words[count++] = argv[at++];
	}
	arguments->command = command_find(words, count, used);
	arguments->group = count > 0 ? command_group(words[0]) : NULL;
	if (arguments->command == NULL && arguments->group != NULL)
		*used = 1;
}

static bool
fail_command(const Arguments *arguments, int argc, char *const *argv, SluiceError *err)
{
	const char *words[WORDS_OF_COMMAND] = {NULL};
	const char *nearest;
	size_t count = 0;

	for (int at = 1; at < argc && count < WORDS_OF_COMMAND; at++)
		if (!is_flag(argv[at]))
			words[count++] = argv[at];
	if (arguments->group != NULL && count < 2)
	{
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%s\" needs one more word",
						   arguments->group->word);
		return sluice_hint(err, "sluice %s --help lists them", arguments->group->word);
	}
	if (count == 0)
	{
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "no command is given");
		return sluice_hint(err, "sluice help lists the commands");
	}
	nearest = command_nearest(words, count);
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "there is no command \"%.40s%s%.40s\"", words[0],
					   arguments->group != NULL ? " " : "",
					   arguments->group != NULL ? words[1] : "");
	if (nearest != NULL)
		return sluice_hint(err, "did you mean sluice %s?", nearest);
	return sluice_hint(err, "sluice help lists the commands");
}

static bool
check_count(const Arguments *arguments, SluiceError *err)
{
	const Command *command = arguments->command;
	size_t least, most;

	command_arity(command, &least, &most);
	if (arguments->count < least)
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "sluice %s needs %s", command->words,
						   command->arguments);
	else if (arguments->count > most)
	{
		const char *word = arguments->words[most];

		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "unexpected argument \"%.64s\"",
						   log_has_secret(word) ? "..." : word);
	}
	else
		return true;
	return sluice_hint(err, "usage: sluice %s %s", command->words, command->arguments);
}

static bool
wants(int argc, char *const *argv, const char *letter, const char *name)
{
	for (int at = 1; at < argc && strcmp(argv[at], "--") != 0; at++)
		if (strcmp(argv[at], letter) == 0 || strcmp(argv[at], name) == 0)
			return true;
	return false;
}

bool
arguments_read(Arguments *arguments, int argc, char *const *argv, SluiceError *err)
{
	int places[WORDS_OF_COMMAND];
	size_t used = 0, next = 0;
	bool ended = false;

	*arguments = (Arguments){0};
	find_command(arguments, argc, argv, places, &used);
	arguments->help = wants(argc, argv, "-h", "--help");
	arguments->version = wants(argc, argv, "-V", "--version");
	if (arguments->help || arguments->version)
		return true;
	if (arguments->command == NULL)
		return fail_command(arguments, argc, argv, err);
	for (int at = 1; at < argc;)
	{
		if (next < used && at == places[next])
		{
			next++;
			at++;
		}
		else if (!ended && strcmp(argv[at], "--") == 0)
		{
			ended = true;
			at++;
		}
		else if (!ended && is_flag(argv[at]))
		{
			if (!read_flag(arguments, argc, argv, &at, err))
				return false;
		}
		else if (arguments->count == ARGUMENTS_MAXIMUM)
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "more than %d arguments",
							   ARGUMENTS_MAXIMUM);
		else
			arguments->words[arguments->count++] = argv[at++];
	}
	return check_count(arguments, err);
}

/* ---- asking ---- */

const char *
arguments_word(const Arguments *arguments, size_t n)
{
	return n < arguments->count ? arguments->words[n] : NULL;
}

const char *
arguments_each(const Arguments *arguments, const char *flag, size_t n)
{
	for (size_t i = 0; i < arguments->given_count; i++)
		if (strcmp(arguments->given[i].flag->name, flag) == 0 && n-- == 0)
			return arguments->given[i].text;
	return NULL;
}

const char *
arguments_text(const Arguments *arguments, const char *flag)
{
	const Flag *known = command_flag(arguments->command, flag, strlen(flag));

	for (size_t i = arguments->given_count; i > 0; i--)
		if (strcmp(arguments->given[i - 1].flag->name, flag) == 0)
			return arguments->given[i - 1].text;
	return known != NULL ? known->default_value : NULL;
}

/* The value in force, which was checked before; false when there is none. */
static bool
value_of(const Arguments *arguments, const char *name, int64_t *number)
{
	const Flag *flag = command_flag(arguments->command, name, strlen(name));
	const char *text = arguments_text(arguments, name);
	OptionValue value;
	SluiceError err;

	if (flag == NULL || text == NULL || !read_value(flag, text, &value, &err))
		return false;
	*number = value.number;
	option_value_free(&value);
	return true;
}

bool
arguments_bool(const Arguments *arguments, const char *flag)
{
	int64_t number = 0;

	return value_of(arguments, flag, &number) && number != 0;
}

int64_t
arguments_number(const Arguments *arguments, const char *flag, int64_t otherwise)
{
	int64_t number = otherwise;

	return value_of(arguments, flag, &number) ? number : otherwise;
}

int
arguments_choice(const Arguments *arguments, const char *flag)
{
	int64_t number = -1;

	return value_of(arguments, flag, &number) ? (int) number : -1;
}
