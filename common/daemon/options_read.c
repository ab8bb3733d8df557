/*
 * options_read.c - gathers a program's settings from its four sources.
 *
 * Sources are read from the strongest to the weakest (the command line names the file), so a
 * setting is filled once and weaker sources only get checked.  No error message holds the value of
 * a secret or URL.
 */
#include "options_internal.h"

#include <stdlib.h>
#include <string.h>

#include "config_file.h"
#include "file.h"
#include "log_redact.h"

#define SECRET_FILE_MAXIMUM (64 * 1024)
#define CONFIG_OPTION		"config"

/* A setting as found, before it is checked and ranked. */
typedef struct Given
{
	OptionSource source;
	size_t index;
	bool from_file;
	const char *text;
} Given;

const OptionsFlag options_flags[] = {
	{"help", 'h', OPTIONS_HELP, "Print this help and exit."},
	{"version", 'V', OPTIONS_VERSION, "Print the version and exit."},
	{"help-markdown", 0, OPTIONS_MARKDOWN, NULL},
	{NULL, 0, OPTIONS_RUN, NULL},
};

/* Finds an option by name, or by NAME-file where the type allows it; dashes and underscores differ. */
static bool
find_option(const Options *options, const char *name, size_t *index, bool *from_file)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < options->count; i++)
	{
		const Option *option = &options->table[i];
		size_t base = strlen(option->name);

		*index = i;
		*from_file = length > base && option_has_file(option) &&
					 strncmp(name, option->name, base) == 0 && strcmp(name + base, "-file") == 0;
		if (*from_file || strcmp(name, option->name) == 0)
			return true;
	}
	return false;
}

static void
consider_name(const char *candidate, const char *name, const char **nearest, size_t *best)
{
	size_t distance = option_name_distance(candidate, name);
	size_t length = strlen(name);

	if (length >= 3 && strncmp(candidate, name, length) == 0)
		distance = 1;
	if (distance < *best)
	{
		*best = distance;
		*nearest = candidate;
	}
}

/* Fails for a name that is not there; `dashes` is "--" on the command line and "" in a file. */
static bool
fail_unknown(const Options *options, const char *name, const char *dashes, SluiceError *err)
{
	const char *nearest = NULL;
	size_t best = strlen(name) / 3 + 2;

	for (size_t i = 0; i < options->count; i++)
		consider_name(options->table[i].name, name, &nearest, &best);
	for (const OptionsFlag *flag = options_flags; *dashes != '\0' && flag->name != NULL; flag++)
		consider_name(flag->name, name, &nearest, &best);
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "unknown option %s%.64s", dashes, name);
	if (nearest != NULL)
		return sluice_hint(err, "did you mean %s%s?", dashes, nearest);
	return sluice_hint(err, "%s --help lists all options", options->program->name);
}

/* The value of a NAME-file: its text less one line end. */
static char *
read_secret(const char *path, SluiceError *err)
{
	char *text = file_read(path, SECRET_FILE_MAXIMUM, err);
	size_t length = text != NULL ? strlen(text) : 0;

	if (length > 0 && text[length - 1] == '\n')
		text[--length] = '\0';
	if (length > 0 && text[length - 1] == '\r')
		text[--length] = '\0';
	return text;
}

static bool
read_given(const Options *options, const Given *given, OptionValue *value, SluiceError *err)
{
	const Option *option = &options->table[given->index];
	char *secret = NULL;
	bool good;

	if (!given->from_file)
		return option_value_read(option, given->text, value, err);
	secret = read_secret(given->text, err);
	good = secret != NULL && option_value_read(option, secret, value, err);
	file_free(secret);
	return good;
}

static bool
fail_twice(const Option *option, const Given *given, const Setting *setting, SluiceError *err)
{
	if (given->from_file != setting->from_file)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "%s and %s-file are both given",
						   option->name, option->name);
	return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "given a second time");
}

/* Checks a setting that was found and keeps it unless a stronger source has set it already. */
static bool
take_setting(Options *options, const Given *given, SluiceError *err)
{
	const Option *option = &options->table[given->index];
	Setting *setting = &options->settings[given->index];
	bool repeated = setting->source == given->source && given->source != OPTION_FROM_DEFAULT;
	bool of_lines = given->source == OPTION_FROM_FILE || given->source == OPTION_FROM_TEXT;
	OptionValue value;

	if (setting->source > given->source && given->from_file)
		return true;
	if (repeated &&
		(given->from_file != setting->from_file || (of_lines && option->type != OPTION_LIST)))
		return fail_twice(option, given, setting, err);
	if (!read_given(options, given, &value, err))
		return false;
	if (setting->source > given->source)
	{
		option_value_free(&value);
		return true;
	}
	if (repeated && option->type == OPTION_LIST)
		return option_value_append(&setting->value, &value, err);
	option_value_free(&setting->value);
	*setting = (Setting){given->source, given->from_file, value};
	return true;
}

/* Refuses on the command line what every user of the machine could then read in the process list. */
static bool
check_exposed(const Options *options, const Given *given, SluiceError *err)
{
	const Option *option = &options->table[given->index];
	char variable[OPTION_NAME_SIZE + 16];

	if (given->from_file || !option_has_file(option) ||
		(option->type == OPTION_URL && !log_has_secret(given->text)))
		return true;
	option_environment_name(option, "", variable, sizeof(variable));
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT,
					   option->type == OPTION_SECRET
						   ? "a secret on the command line would show in the process list"
						   : "a password on the command line would show in the process list");
	return sluice_hint(err, "use --%s-file FILE, the environment variable %s or the --config file",
					   option->name, variable);
}

static bool
take_argument(Options *options, const char *name, const Given *given, SluiceError *err)
{
	if (check_exposed(options, given, err) && take_setting(options, given, err))
		return true;
	return sluice_prefix(err, "--%s", name);
}

/* A bool needs no value: --name and --no-name. */
static bool
find_bool(const Options *options, const char *name, size_t *index, const char **text)
{
	bool from_file;
	bool negated = false;

	if (!find_option(options, name, index, &from_file))
	{
		negated = strncmp(name, "no-", 3) == 0;
		if (!negated || !find_option(options, name + 3, index, &from_file))
			return false;
	}
	*text = negated ? "off" : "on";
	return options->table[*index].type == OPTION_BOOL;
}

static const OptionsFlag *
find_flag(const char *argument)
{
	for (const OptionsFlag *flag = options_flags; flag->name != NULL; flag++)
		if ((strncmp(argument, "--", 2) == 0 && strcmp(argument + 2, flag->name) == 0) ||
			(argument[0] == '-' && argument[1] == flag->letter && flag->letter != '\0' &&
			 argument[2] == '\0'))
			return flag;
	return NULL;
}

/* Reads the option at argv[*at], which begins with "--", and moves *at behind it. */
static bool
read_option(Options *options, int *at, SluiceError *err)
{
	const char *argument = options->argv[(*at)++] + 2;
	const char *equals = strchrnul(argument, '=');
	Given given = {.source = OPTION_FROM_COMMAND_LINE};
	char name[OPTION_NAME_SIZE];

	if ((size_t) (equals - argument) >= sizeof(name))
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "unknown option --%.64s...", argument);
	memcpy(name, argument, (size_t) (equals - argument));
	name[equals - argument] = '\0';
	if (*equals == '\0' && find_bool(options, name, &given.index, &given.text))
		return take_argument(options, name, &given, err);
	if (!find_option(options, name, &given.index, &given.from_file))
		return fail_unknown(options, name, "--", err);
	given.text = *equals == '=' ? equals + 1 : options->argv[*at];
	if (given.text == NULL)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "option --%s needs a value", name);
	if (*equals == '\0')
		(*at)++;
	return take_argument(options, name, &given, err);
}

static bool
read_arguments(Options *options, SluiceError *err)
{
	for (int at = 1; at < options->argc;)
	{
		const char *argument = options->argv[at];
		const OptionsFlag *flag = find_flag(argument);

		if (flag != NULL)
		{
			options->action = flag->action;
			return true;
		}
		if (strncmp(argument, "--", 2) != 0 || argument[2] == '\0')
		{
			(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "unexpected argument \"%.64s\"",
							   log_has_secret(argument) ? "..." : argument);
			return sluice_hint(err, "options are given as --name value");
		}
		if (!read_option(options, &at, err))
			return false;
	}
	return true;
}

static bool
read_variable(Options *options, Given *given, const char *variable, SluiceError *err)
{
	given->text = getenv(variable);
	if (given->text == NULL || *given->text == '\0')
		return true;
	if (take_setting(options, given, err))
		return true;
	return sluice_prefix(err, "environment variable %s", variable);
}

static bool
read_environment(Options *options, size_t index, SluiceError *err)
{
	const Option *option = &options->table[index];
	Given given = {.source = OPTION_FROM_ENVIRONMENT, .index = index};
	char variable[OPTION_NAME_SIZE + 16];

	option_environment_name(option, "", variable, sizeof(variable));
	if (!read_variable(options, &given, variable, err))
		return false;
	if (option_has_file(option))
	{
		given.from_file = true;
		option_environment_name(option, "-file", variable, sizeof(variable));
		if (!read_variable(options, &given, variable, err))
			return false;
		given.from_file = false;
	}
	if (option->environment == NULL || options->settings[index].source >= OPTION_FROM_ENVIRONMENT)
		return true;
	return read_variable(options, &given, option->environment, err);
}

/* Underscores serve as dashes here, as people know them from postgresql.conf. */
static bool
find_line(const Options *options, const char *name, Given *given, SluiceError *err)
{
	char dashed[OPTION_NAME_SIZE];
	size_t length = strnlen(name, sizeof(dashed) - 1);

	for (size_t i = 0; i < length; i++)
		dashed[i] = name[i] == '_' ? '-' : name[i];
	dashed[length] = '\0';
	if (name[length] != '\0' || !find_option(options, dashed, &given->index, &given->from_file) ||
		strcmp(dashed, CONFIG_OPTION) == 0)
		return fail_unknown(options, dashed, "", err);
	return true;
}

/* A ConfigFileSetting. */
static bool
take_line(void *context, int line, const char *name, const char *value, SluiceError *err)
{
	Options *options = context;
	Given given = {.source = OPTION_FROM_FILE, .text = value};

	(void) line;
	return find_line(options, name, &given, err) &&
		   (take_setting(options, &given, err) || sluice_prefix(err, "%s", name));
}

/* A ConfigFileSetting, of a text that is nobody's own. */
static bool
take_text_line(void *context, int line, const char *name, const char *value, SluiceError *err)
{
	Options *options = context;
	Given given = {.source = OPTION_FROM_TEXT, .text = value};
	const Option *option;

	(void) line;
	if (!find_line(options, name, &given, err))
		return false;
	option = &options->table[given.index];
	if (!given.from_file &&
		(option->type == OPTION_SECRET || (option->type == OPTION_URL && log_has_secret(value))))
	{
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "%s: a password does not belong here", name);
		return sluice_hint(err, "name a file that the program can read: %s-file", option->name);
	}
	return take_setting(options, &given, err) || sluice_prefix(err, "%s", name);
}

bool
options_read_text(Options *options, const char *name, char *text, SluiceError *err)
{
	return config_text_read(name, text, take_text_line, options, err);
}

static bool
read_file(Options *options, SluiceError *err)
{
	const char *path = NULL;

	for (size_t i = 0; i < options->count; i++)
		if (strcmp(options->table[i].name, CONFIG_OPTION) == 0)
			path = options->settings[i].value.text;
	if (path == NULL)
		return true;
	return config_file_read(path, take_line, options, err);
}

static bool
read_default(Options *options, size_t index, SluiceError *err)
{
	Given given = {.source = OPTION_FROM_DEFAULT, .index = index};

	given.text = options->table[index].default_value;
	if (given.text == NULL || take_setting(options, &given, err))
		return true;
	return sluice_prefix(err, "default of %s", options->table[index].name);
}

static bool
check_required(const Options *options, size_t index, SluiceError *err)
{
	const Option *option = &options->table[index];
	const OptionValue *value = &options->settings[index].value;
	const char *placeholder = option_placeholder(option);
	char variable[OPTION_NAME_SIZE + 16];

	if (!option->required || value->count > 0 || value->text != NULL)
		return true;
	option_environment_name(option, "", variable, sizeof(variable));
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "option --%s is required", option->name);
	if (option->type == OPTION_SECRET)
		return sluice_hint(err, "give --%s-file FILE or set %s", option->name, variable);
	return sluice_hint(err, "give --%s %s or set %s", option->name,
					   placeholder != NULL ? placeholder : "", variable);
}

bool
options_read(Options *options, SluiceError *err)
{
	bool good = read_arguments(options, err);

	if (!good || options->action != OPTIONS_RUN)
		return good;
	for (size_t i = 0; good && i < options->count; i++)
		good = read_environment(options, i, err);
	good = good && read_file(options, err);
	for (size_t i = 0; good && i < options->count; i++)
		good = read_default(options, i, err);
	for (size_t i = 0; good && i < options->count; i++)
		good = check_required(options, i, err);
	return good;
}
