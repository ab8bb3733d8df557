/*
 * command.c - finding one's way in the table (command.h).
 */
#include "command.h"

#include <string.h>

/* Whether a typed word is a word of the table: the same, or singular in the place of plural, or the other way round. */
static bool
same_word(const char *typed, const char *word, size_t length)
{
	size_t typed_length = strlen(typed);

	if (strncmp(typed, word, typed_length < length ? typed_length : length) != 0)
		return false;
	return typed_length == length || (typed_length == length + 1 && typed[length] == 's') ||
		   (typed_length + 1 == length && typed_length > 2 && word[length - 1] == 's');
}

/* How many typed words the name of a command takes; 0 when it is another. */
static size_t
match(const char *name, const char *const *words, size_t count)
{
	size_t used = 0;

	while (*name != '\0')
	{
		size_t length = strcspn(name, " ");

		if (used == count || !same_word(words[used], name, length))
			return 0;
		used++;
		name += length;
		name += strspn(name, " ");
	}
	return used;
}

const Command *
command_find(const char *const *words, size_t count, size_t *used)
{
	for (const Command *command = commands; command->words != NULL; command++)
	{
		*used = match(command->words, words, count);
		if (*used > 0)
			return command;
	}
	*used = 0;
	return NULL;
}

const CommandGroup *
command_group(const char *word)
{
	for (const CommandGroup *group = command_groups; group->word != NULL; group++)
		if (same_word(word, group->word, strlen(group->word)))
			return group;
	return NULL;
}

const char *
command_nearest(const char *const *words, size_t count)
{
	char typed[80] = "";
	const char *nearest = NULL;
	size_t best;

	for (size_t i = 0; i < count && i < 2; i++)
	{
		size_t used = strlen(typed);

		if (used + strlen(words[i]) + 2 > sizeof(typed))
			break;
		(void) strcat(strcat(typed, i > 0 ? " " : ""), words[i]);
	}
	best = strlen(typed) / 3 + 1;
	for (const Command *command = commands; command->words != NULL; command++)
	{
		size_t distance = option_name_distance(command->words, typed);
		size_t alone = count > 0 ? option_name_distance(command->words, words[0]) : distance;

		distance = alone < distance ? alone : distance;
		if (distance < best)
		{
			best = distance;
			nearest = command->words;
		}
	}
	return nearest;
}

void
command_arity(const Command *command, size_t *least, size_t *most)
{
	*least = *most = 0;
	for (const char *at = command->arguments; *at != '\0';)
	{
		size_t length = strcspn(at, " ");

		if (memmem(at, length, "...", 3) != NULL)
			*most = SIZE_MAX;
		else if (*most != SIZE_MAX)
			(*most)++;
		*least += *at != '[';
		at += length;
		at += strspn(at, " ");
	}
}

static const Flag *
find_flag(const Flag *flags, const char *name, size_t length)
{
	for (; flags != NULL && flags->name != NULL; flags++)
		if (strlen(flags->name) == length && memcmp(flags->name, name, length) == 0)
			return flags;
	return NULL;
}

static const Flag *
find_letter(const Flag *flags, char letter)
{
	for (; flags != NULL && flags->name != NULL; flags++)
		if (flags->letter == letter)
			return flags;
	return NULL;
}

const Flag *
command_flag(const Command *command, const char *name, size_t length)
{
	const Flag *flag = command != NULL ? find_flag(command->flags, name, length) : NULL;

	return flag != NULL ? flag : find_flag(common_flags, name, length);
}

const Flag *
command_flag_of_letter(const Command *command, char letter)
{
	const Flag *flag = command != NULL ? find_letter(command->flags, letter) : NULL;

	return flag != NULL ? flag : find_letter(common_flags, letter);
}
