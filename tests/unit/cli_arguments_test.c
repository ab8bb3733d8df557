/*
 * cli_arguments_test.c - the table of commands, and command lines held against it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/manual.h"

#define COUNT(...) ((int) (sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)))
#define READ(arguments, err, ...)                                                                  \
	arguments_read(arguments, COUNT("sluice", __VA_ARGS__), (char *[]){"sluice", __VA_ARGS__}, err)

static bool
is_sentence(const char *text)
{
	return isupper((unsigned char) *text) && text[strlen(text) - 1] == '.';
}

static void
look_at_flags(const Flag *flags, const char *command)
{
	char note[FLAG_NOTE_SIZE];

	for (; flags != NULL && flags->name != NULL; flags++)
	{
		if (!is_sentence(flags->help))
			fail_msg("%s --%s: the help is no sentence", command, flags->name);
		if (flags->type != OPTION_BOOL && flags->placeholder == NULL)
			fail_msg("%s --%s has no placeholder", command, flags->name);
		if ((flags->type == OPTION_ENUM) != (flags->allowed != NULL))
			fail_msg("%s --%s: words and type do not go together", command, flags->name);
		assert_true(flags->type != OPTION_SECRET && flags->type != OPTION_URL);
		assert_true(strlen(help_flag_note(flags, note)) < FLAG_NOTE_SIZE - 1);
	}
}

static void
the_table_is_whole(void **state)
{
	(void) state;
	look_at_flags(common_flags, "all");
	for (const Command *command = commands; command->words != NULL; command++)
	{
		size_t least, most, used;
		const char *words[] = {command->words, NULL};
		char first[64];

		assert_non_null(command->run);
		assert_non_null(command->arguments);
		assert_true(islower((unsigned char) command->summary[0]) || command->summary[0] == '"');
		assert_true(command->summary[strlen(command->summary) - 1] != '.');
		command_arity(command, &least, &most);
		assert_true(least <= most);
		look_at_flags(command->flags, command->words);
		(void) snprintf(first, sizeof(first), "%s", command->words);
		words[0] = strtok(first, " ");
		words[1] = strtok(NULL, " ");
		assert_ptr_equal(command_find(words, words[1] != NULL ? 2 : 1, &used), command);
		if (words[1] != NULL)
			assert_non_null(command_group(words[0]));
	}
}

static void
letters_mean_one_thing(void **state)
{
	(void) state;
	/* A command's own flag may not have the letter or name of a common one. */
	for (const Command *command = commands; command->words != NULL; command++)
		for (const Flag *flag = command->flags; flag != NULL && flag->name != NULL; flag++)
			for (const Flag *common = common_flags; common->name != NULL; common++)
			{
				assert_string_not_equal(flag->name, common->name);
				assert_true(flag->letter == '\0' || flag->letter != common->letter);
			}
}

static void
flags_stand_anywhere(void **state)
{
	Arguments arguments;
	SluiceError err;

	(void) state;
	assert_true(READ(&arguments, &err, "-o", "json", "stream", "--quiet", "clone", "a",
					 "--timeout=5s", "b", "--no-header"));
	assert_string_equal(arguments.command->words, "stream clone");
	assert_string_equal(arguments_word(&arguments, 0), "a");
	assert_string_equal(arguments_word(&arguments, 1), "b");
	assert_null(arguments_word(&arguments, 2));
	assert_string_equal(arguments_text(&arguments, "output"), "json");
	assert_int_equal(arguments_choice(&arguments, "output"), 1);
	assert_true(arguments_bool(&arguments, "quiet"));
	assert_false(arguments_bool(&arguments, "header"));
	assert_int_equal(arguments_number(&arguments, "timeout", 1), 5000);
}

static void
defaults_count_where_nothing_is_said(void **state)
{
	Arguments arguments;
	SluiceError err;

	(void) state;
	assert_true(READ(&arguments, &err, "workers", "ls"));
	assert_true(arguments_bool(&arguments, "header"));
	assert_int_equal(arguments_choice(&arguments, "output"), 0);
	assert_int_equal(arguments_number(&arguments, "timeout", 7), 7);
	assert_null(arguments_text(&arguments, "server"));
	assert_int_equal(arguments_choice(&arguments, "until"), -1);
}

static void
what_is_behind_two_dashes_is_no_flag(void **state)
{
	Arguments arguments;
	SluiceError err;

	(void) state;
	assert_true(READ(&arguments, &err, "stream", "show", "-q", "--", "-odd"));
	assert_string_equal(arguments_word(&arguments, 0), "-odd");
	assert_true(READ(&arguments, &err, "stream", "apply", "-f", "-"));
	assert_string_equal(arguments_text(&arguments, "file"), "-");
	assert_true(READ(&arguments, &err, "stream", "apply", "-fx.json"));
	assert_string_equal(arguments_text(&arguments, "file"), "x.json");
}

static void
repeated_flags_keep_their_order(void **state)
{
	Arguments arguments;
	SluiceError err;

	(void) state;
	assert_true(
		READ(&arguments, &err, "stream", "create", "x", "--target", "a=1", "--target", "b=2"));
	assert_string_equal(arguments_each(&arguments, "target", 0), "a=1");
	assert_string_equal(arguments_each(&arguments, "target", 1), "b=2");
	assert_null(arguments_each(&arguments, "target", 2));
}

static void
plural_and_singular_are_the_same(void **state)
{
	Arguments arguments;
	SluiceError err;

	(void) state;
	assert_true(READ(&arguments, &err, "connections", "ls"));
	assert_string_equal(arguments.command->words, "connection ls");
	assert_true(READ(&arguments, &err, "key", "ls"));
	assert_string_equal(arguments.command->words, "keys ls");
}

static void
what_makes_no_sense_is_told_with_a_hint(void **state)
{
	static const struct
	{
		char *words[4];
		const char *message, *hint;
	} cases[] = {
		{{"sluice", "stream"}, "needs one more word", "sluice stream --help"},
		{{"sluice", "strem", "ls"}, "there is no command", "sluice stream ls"},
		{{"sluice", "stream", "show"}, "needs STREAM", "usage: sluice stream show"},
		{{"sluice", "workers", "ls", "extra"}, "unexpected argument \"extra\"", "usage"},
		{{"sluice", "workers", "ls", "--outptu"}, "unknown flag", "--output"},
		{{"sluice", "workers", "ls", "--api-key"}, "unknown flag", "secrets come from files"},
		{{"sluice", "workers", "ls", "-o"}, "--output needs a value", ""},
		{{"sluice", "workers", "ls", "-oxml"}, "xml", ""},
		{{"sluice", "workers", "ls", "--timeout=soon"}, "soon", ""},
		{{"sluice", "workers", "ls", "--help=x"}, "--help", ""},
		{{"sluice", "stream", "ls", "mysql://u:secret@h/d"}, "unexpected argument \"...\"", ""},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		Arguments arguments;
		SluiceError err = {0};
		int count = 2;

		while (count < 4 && cases[i].words[count] != NULL)
			count++;
		assert_false(arguments_read(&arguments, count, cases[i].words, &err));
		assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
		if (strstr(err.message, cases[i].message) == NULL ||
			strstr(err.hint, cases[i].hint) == NULL)
			fail_msg("%zu: \"%s\", \"%s\"", i, err.message, err.hint);
	}
}

static void
help_is_asked_for_anywhere(void **state)
{
	Arguments arguments;
	SluiceError err;

	(void) state;
	assert_true(READ(&arguments, &err, "stream", "create", "--nonsense", "-h"));
	assert_true(arguments.help);
	assert_string_equal(arguments.command->words, "stream create");
	assert_true(READ(&arguments, &err, "stream", "--help"));
	assert_null(arguments.command);
	assert_string_equal(arguments.group->word, "stream");
}

/* What a function of the table writes. */
static char *
written(void (*write)(FILE *))
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	write(out);
	(void) fclose(out);
	return text;
}

static void
write_bash(FILE *out)
{
	completion_print(out, SHELL_BASH);
}

static void
write_fish(FILE *out)
{
	completion_print(out, SHELL_FISH);
}

static void
every_command_is_in_page_manual_and_completion(void **state)
{
	char *page = written(help_markdown), *manual = written(manual_print),
		 *bash = written(write_bash), *fish = written(write_fish);

	(void) state;
	for (const Command *command = commands; command->words != NULL; command++)
	{
		char head[100];

		(void) snprintf(head, sizeof(head), "\n### sluice %s\n", command->words);
		assert_non_null(strstr(page, head));
		(void) snprintf(head, sizeof(head), "\n.SS sluice %s ", command->words);
		assert_non_null(strstr(manual, head));
		(void) snprintf(head, sizeof(head), " %s",
						strrchr(command->words, ' ') != NULL ? strrchr(command->words, ' ') + 1
															 : command->words);
		assert_non_null(strstr(bash, head));
		(void) snprintf(head, sizeof(head), " -a %s -d",
						strrchr(command->words, ' ') != NULL ? strrchr(command->words, ' ') + 1
															 : command->words);
		assert_non_null(strstr(fish, head));
	}
	free(page);
	free(manual);
	free(bash);
	free(fish);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_whole),
		cmocka_unit_test(letters_mean_one_thing),
		cmocka_unit_test(flags_stand_anywhere),
		cmocka_unit_test(defaults_count_where_nothing_is_said),
		cmocka_unit_test(what_is_behind_two_dashes_is_no_flag),
		cmocka_unit_test(repeated_flags_keep_their_order),
		cmocka_unit_test(plural_and_singular_are_the_same),
		cmocka_unit_test(what_makes_no_sense_is_told_with_a_hint),
		cmocka_unit_test(help_is_asked_for_anywhere),
		cmocka_unit_test(every_command_is_in_page_manual_and_completion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
