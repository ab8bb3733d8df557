/*
 * schema_pattern.c - a pattern is read into atoms, which are tried with backtracking.
 */
#include "schema_pattern.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ATOMS_MAXIMUM 64
#define STEPS_MAXIMUM 200000
#define REPEAT_MOST	  100000

/* Which characters, and how many of them. */
typedef struct Atom
{
	uint64_t ascii[2]; /* bits of what is below 128 */
	bool others;	   /* and what is above */
	long least, most;
} Atom;

typedef struct Pattern
{
	Atom atoms[ATOMS_MAXIMUM];
	size_t count;
	bool from_start, to_end;
} Pattern;

typedef struct Attempt
{
	const Pattern *pattern;
	long steps;
} Attempt;

static void
add(Atom *atom, unsigned char character)
{
	atom->ascii[character / 64] |= UINT64_C(1) << (character % 64);
}

static void
add_range(Atom *atom, unsigned char first, unsigned char last)
{
	for (unsigned character = first; character <= last; character++)
		add(atom, (unsigned char) character);
}

static void
invert(Atom *atom)
{
	atom->ascii[0] = ~atom->ascii[0];
	atom->ascii[1] = ~atom->ascii[1];
	atom->others = !atom->others;
}

/* What stands behind a backslash; false for letters that would mean something else elsewhere. */
static bool
add_escaped(Atom *atom, char letter)
{
	switch (letter)
	{
		case 'd': add_range(atom, '0', '9'); return true;
		case 'w':
			add_range(atom, '0', '9');
			add_range(atom, 'A', 'Z');
			add_range(atom, 'a', 'z');
			add(atom, '_');
			return true;
		case 's':
			add_range(atom, '\t', '\r');
			add(atom, ' ');
			return true;
		case 'n': add(atom, '\n'); return true;
		case 'r': add(atom, '\r'); return true;
		case 't': add(atom, '\t'); return true;
		default: break;
	}
	if (strchr("\\^$.|?*+()[]{}/-", letter) == NULL || letter == '\0')
		return false;
	add(atom, (unsigned char) letter);
	return true;
}

/* Behind the "[": up to behind the "]"; NULL when it is out of form. */
static const char *
read_class(const char *at, Atom *atom)
{
	bool inverted = *at == '^';

	at += inverted;
	while (*at != ']')
	{
		if (*at == '\\')
		{
			if (!add_escaped(atom, at[1]))
				return NULL;
			at += 2;
		}
		else if (*at == '\0' || (unsigned char) *at >= 0x80)
			return NULL;
		else if (at[1] == '-' && at[2] != ']' && at[2] != '\0')
		{
			if (at[2] == '\\' || at[2] < at[0])
				return NULL;
			add_range(atom, (unsigned char) at[0], (unsigned char) at[2]);
			at += 3;
		}
		else
			add(atom, (unsigned char) *at++);
	}
	if (inverted)
		invert(atom);
	return at + 1;
}

static const char *
read_characters(const char *at, Atom *atom)
{
	if (*at == '[')
		return read_class(at + 1, atom);
	if (*at == '\\')
		return add_escaped(atom, at[1]) ? at + 2 : NULL;
	if (*at == '.')
	{
		add(atom, '\n');
		invert(atom);
		return at + 1;
	}
	if (strchr("^$|?*+()]{}", *at) != NULL || (unsigned char) *at >= 0x80)
		return NULL;
	add(atom, (unsigned char) *at);
	return at + 1;
}

/* "{n}", "{n,}", "{n,m}", behind the brace. */
static const char *
read_counts(const char *at, Atom *atom)
{
	char *end;

	if (*at < '0' || *at > '9')
		return NULL;
	atom->least = strtol(at, &end, 10);
	atom->most = atom->least;
	if (*end == ',')
	{
		at = end + 1;
		atom->most = *at == '}' ? LONG_MAX : strtol(at, &end, 10);
		if (*at == '}')
			end = (char *) at;
	}
	if (*end != '}' || atom->least < 0 || atom->least > REPEAT_MOST || atom->most < atom->least)
		return NULL;
	return end + 1;
}

static const char *
read_repeat(const char *at, Atom *atom)
{
	atom->least = 1;
	atom->most = 1;
	switch (*at)
	{
		case '*':
			atom->least = 0;
			atom->most = LONG_MAX;
			return at + 1;
		case '+': atom->most = LONG_MAX; return at + 1;
		case '?': atom->least = 0; return at + 1;
		case '{': return read_counts(at + 1, atom);
		default: return at;
	}
}

static bool
read_pattern(const char *at, Pattern *pattern)
{
	*pattern = (Pattern){.from_start = *at == '^'};
	at += pattern->from_start;
	while (*at != '\0')
	{
		Atom *atom = &pattern->atoms[pattern->count];

		if (strcmp(at, "$") == 0)
		{
			pattern->to_end = true;
			return true;
		}
		if (pattern->count == ATOMS_MAXIMUM || (at = read_characters(at, atom)) == NULL ||
			(at = read_repeat(at, atom)) == NULL)
			return false;
		pattern->count++;
	}
	return true;
}

/* The length of the character when it is one of the atom's; 0: it is none, or the text ends. */
static size_t
step(const Atom *atom, const char *text)
{
	unsigned char byte = (unsigned char) *text;
	size_t length = 1;

	if (byte == 0)
		return 0;
	if (byte < 128)
		return (atom->ascii[byte / 64] >> (byte % 64)) & 1;
	while (((unsigned char) text[length] & 0xC0) == 0x80)
		length++;
	return atom->others ? length : 0;
}

static size_t
step_back(const char *text)
{
	size_t length = 1;

	while (((unsigned char) *(text - length) & 0xC0) == 0x80)
		length++;
	return length;
}

/* Greedy: as many of the first atom as there are, then fewer. */
static bool
match(Attempt *attempt, size_t index, const char *text)
{
	const Pattern *pattern = attempt->pattern;
	const Atom *atom = &pattern->atoms[index];
	long taken = 0;
	size_t length;

	if (index == pattern->count)
		return !pattern->to_end || *text == '\0';
	while (taken < atom->most && (length = step(atom, text)) > 0)
	{
		text += length;
		taken++;
	}
	for (; taken >= atom->least; taken--)
	{
		if (--attempt->steps < 0)
			return false;
		if (match(attempt, index + 1, text))
			return true;
		if (taken > 0)
			text -= step_back(text);
	}
	return false;
}

bool
pattern_valid(const char *pattern)
{
	Pattern read;

	return read_pattern(pattern, &read);
}

bool
pattern_matches(const char *text_of_pattern, const char *text)
{
	Pattern pattern;
	Attempt attempt = {&pattern, STEPS_MAXIMUM};

	if (!read_pattern(text_of_pattern, &pattern))
		return false;
	do
		if (match(&attempt, 0, text))
			return true;
	while (!pattern.from_start && *text++ != '\0' && attempt.steps > 0);
	return false;
}
