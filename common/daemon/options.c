/*
 * options.c - the Options object: made once, handed out by name, reloaded as a whole.
 *
 * A reload builds a second object the same way and then moves values over, so a failed one has
 * touched nothing.
 */
#include "options_internal.h"

#include <stdlib.h>
#include <string.h>

static Options *
make_options(const Program *program, size_t count)
{
	Options *options = calloc(1, sizeof(*options));

	if (options == NULL)
		return NULL;
	options->program = program;
	options->count = count;
	options->table = calloc(count + 1, sizeof(*options->table));
	options->settings = calloc(count + 1, sizeof(*options->settings));
	if (options->table != NULL && options->settings != NULL)
		return options;
	options->count = 0;
	options_free(options);
	return NULL;
}

/* With `text` its lines first. */
static Options *
read_options(const Program *program, const Option *more, size_t more_count, int argc,
			 char *const *argv, const char *name, char *text, SluiceError *err)
{
	Options *options = make_options(program, program->option_count + more_count);

	if (options == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory reading options");
		return NULL;
	}
	for (size_t i = 0; i < options->count; i++)
		options->table[i] =
			i < program->option_count ? program->options[i] : more[i - program->option_count];
	options->argc = argc;
	options->argv = argv;
	if ((text == NULL || options_read_text(options, name, text, err)) && options_read(options, err))
		return options;
	options_free(options);
	return NULL;
}

Options *
options_new(const Program *program, const Option *more, size_t more_count, int argc,
			char *const *argv, SluiceError *err)
{
	return read_options(program, more, more_count, argc, argv, NULL, NULL, err);
}

Options *
options_derive(const Options *options, const char *name, char *text, SluiceError *err)
{
	const Program *program = options->program;

	return read_options(program, options->table + program->option_count,
						options->count - program->option_count, options->argc, options->argv, name,
						text, err);
}

void
options_free(Options *options)
{
	if (options == NULL)
		return;
	for (size_t i = 0; i < options->count; i++)
		option_value_free(&options->settings[i].value);
	free(options->settings);
	free(options->table);
	free(options);
}

OptionsAction
options_action(const Options *options)
{
	return options->action;
}

/* `types` is a set of bits 1 << OptionType; 0 stands for any. */
static size_t
find_value(const Options *options, const char *name, unsigned types)
{
	for (size_t i = 0; i < options->count; i++)
		if (strcmp(options->table[i].name, name) == 0 &&
			(types == 0 || (types & (1u << options->table[i].type)) != 0))
			return i;
	(void) fprintf(stderr, "no option \"%s\" of the type asked for\n", name);
	abort();
}

const char *
options_string(const Options *options, const char *name)
{
	size_t index = find_value(options, name,
							  1u << OPTION_STRING | 1u << OPTION_SECRET | 1u << OPTION_URL |
								  1u << OPTION_ENUM);

	return options->settings[index].value.text;
}

int64_t
options_integer(const Options *options, const char *name)
{
	return options->settings[find_value(options, name, 1u << OPTION_INTEGER)].value.number;
}

int64_t
options_size(const Options *options, const char *name)
{
	return options->settings[find_value(options, name, 1u << OPTION_SIZE)].value.number;
}

int64_t
options_duration(const Options *options, const char *name)
{
	return options->settings[find_value(options, name, 1u << OPTION_DURATION)].value.number;
}

bool
options_bool(const Options *options, const char *name)
{
	return options->settings[find_value(options, name, 1u << OPTION_BOOL)].value.number != 0;
}

int
options_choice(const Options *options, const char *name)
{
	return (int) options->settings[find_value(options, name, 1u << OPTION_ENUM)].value.number;
}

size_t
options_list(const Options *options, const char *name, char *const **items)
{
	const OptionValue *value =
		&options->settings[find_value(options, name, 1u << OPTION_LIST)].value;

	*items = value->items;
	return value->count;
}

OptionSource
options_source(const Options *options, const char *name)
{
	return options->settings[find_value(options, name, 0)].source;
}

void
options_print(const Options *options, FILE *out)
{
	if (options->action == OPTIONS_VERSION)
		(void) fprintf(out, "%s %s\n", options->program->name, options->program->version);
	else if (options->action == OPTIONS_MARKDOWN)
		options_print_markdown(options, out);
	else
		options_print_help(options, out);
}

static void
swap_settings(Setting *a, Setting *b)
{
	Setting kept = *a;

	*a = *b;
	*b = kept;
}

bool
options_reload(Options *options, OptionChanged changed, void *context, SluiceError *err)
{
	Options *fresh = options_new(options->program, options->table + options->program->option_count,
								 options->count - options->program->option_count, options->argc,
								 options->argv, err);

	if (fresh == NULL)
		return false;
	for (size_t i = 0; i < options->count; i++)
	{
		const Option *option = &options->table[i];

		if (option_value_equal(&options->settings[i].value, &fresh->settings[i].value))
			continue;
		if (option->reloadable)
			swap_settings(&options->settings[i], &fresh->settings[i]);
		if (changed != NULL)
			changed(context, option, option->reloadable);
	}
	options_free(fresh);
	return true;
}
