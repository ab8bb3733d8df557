/*
 * my_collation.c - which collation of MariaDB is like which of MySQL (my_collation.h).
 *
 * MySQL's newest are utf8mb4_LANGUAGE_0900_LEVEL, which heed blanks at the end; MariaDB's are
 * CHARSET_uca1400_LANGUAGE_nopad_LEVEL and, without nopad, the same that do not.  LEVEL is ai_ci,
 * as_ci, as_cs.  All others have one name at both, but for a few.
 */
#include "my_collation.h"

#include <stdio.h>
#include <string.h>

#define UCA1400_SINCE 101001 /* of MariaDB */
#define UCA0900_SINCE 80001	 /* of MySQL */
#define UTF8MB3_SINCE 100600 /* of MariaDB: before, utf8mb3 was called utf8 */

typedef struct Alike
{
	const char *mysql, *mariadb;
} Alike;

/* Languages whose order has a name at both. */
static const Alike languages[] = {
	{"cs", "czech"},	 {"da", "danish"},		  {"de_pb", "german2"}, {"eo", "esperanto"},
	{"es", "spanish"},	 {"es_trad", "spanish2"}, {"et", "estonian"},	{"hr", "croatian"},
	{"hu", "hungarian"}, {"is", "icelandic"},	  {"la", "roman"},		{"lt", "lithuanian"},
	{"lv", "latvian"},	 {"pl", "polish"},		  {"ro", "romanian"},	{"sk", "slovak"},
	{"sl", "slovenian"}, {"sv", "swedish"},		  {"tr", "turkish"},	{"vi", "vietnamese"},
};

/* Of which only one has the name. */
static const Alike others[] = {
	{"utf8mb4_0900_bin", "utf8mb4_nopad_bin"},
	{"utf8mb3_tolower_ci", "utf8mb3_general_ci"},
	{"utf8mb4_croatian_ci", "utf8mb4_croatian_mysql561_ci"},
	{"utf8mb3_croatian_ci", "utf8mb3_croatian_mysql561_ci"},
};

/* What a name is made of. */
typedef struct Parts
{
	char charset[16], language[24];
	const char *level; /* of the Unicode collations of both; NULL: it is none of them */
	bool pads;		   /* blanks at the end count for nothing */
} Parts;

static const char *const levels[] = {"_ai_ci", "_as_ci", "_as_cs", "_ai_cs"};

static const char *
level_of(const char *collation)
{
	size_t length = strlen(collation);

	/* Of Japanese there is one that ends with _ks. */
	if (strstr(collation, "_as_cs_ks") != NULL)
		return "_as_cs";
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
	{
		if (length > 6 && strcmp(collation + length - 6, levels[i]) == 0)
			return levels[i];
	}
	return NULL;
}

static void
copy_language(Parts *parts, const char *from, const char *to)
{
	if (to > from)
		(void) snprintf(parts->language, sizeof(parts->language), "%.*s", (int) (to - from), from);
}

static void
read_parts(const char *collation, Parts *parts)
{
	const char *dash = strchr(collation, '_');
	const char *uca9 = strstr(collation, "_0900_"), *uca14 = strstr(collation, "_uca1400_");
	const char *end;

	*parts = (Parts){.pads = true};
	if (dash == NULL || (size_t) (dash - collation) >= sizeof(parts->charset))
		return;
	(void) snprintf(parts->charset, sizeof(parts->charset), "%.*s", (int) (dash - collation),
					collation);
	parts->level = uca9 != NULL || uca14 != NULL ? level_of(collation) : NULL;
	if (parts->level == NULL)
		return;
	if (uca9 != NULL)
	{
		parts->pads = false;
		copy_language(parts, dash + 1, uca9);
		return;
	}
	uca14 += sizeof("_uca1400_") - 1;
	end = strstr(uca14 - 1, parts->level);
	if (strstr(uca14 - 1, "_nopad_") != NULL)
	{
		parts->pads = false;
		end = strstr(uca14 - 1, "_nopad_");
	}
	copy_language(parts, uca14, end);
}

static const char *
language_at(const Parts *parts, bool mariadb)
{
	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
	{
		if (strcmp(mariadb ? languages[i].mysql : languages[i].mariadb, parts->language) == 0)
			return mariadb ? languages[i].mariadb : languages[i].mysql;
	}
	return NULL;
}

/* ---- at MariaDB ---- */

static void
write_old_mariadb(const Parts *parts, char name[MY_COLLATION_SIZE])
{
	if (strcmp(parts->level, "_as_cs") == 0)
		(void) snprintf(name, MY_COLLATION_SIZE, "%s%s_bin", parts->charset,
						parts->pads ? "" : "_nopad");
	else
		(void) snprintf(name, MY_COLLATION_SIZE, "%s_unicode_520%s_ci", parts->charset,
						parts->pads ? "" : "_nopad");
}

/* Collations of utf8mb3 are named after utf8 before there was another. */
static void
name_utf8(char name[MY_COLLATION_SIZE])
{
	char rest[MY_COLLATION_SIZE];

	if (strncmp(name, "utf8mb3_", 8) != 0)
		return;
	(void) snprintf(rest, sizeof(rest), "%s", name + 8);
	(void) snprintf(name, MY_COLLATION_SIZE, "utf8_%.50s", rest);
}

static void
write_mariadb(const TargetKind *target, const Parts *parts, bool same, char name[MY_COLLATION_SIZE])
{
	const char *language = same ? parts->language : language_at(parts, true);

	if (parts->level != NULL && target->version < UCA1400_SINCE)
		write_old_mariadb(parts, name);
	else if (parts->level != NULL)
		(void) snprintf(name, MY_COLLATION_SIZE, "%s_uca1400_%s%s%s%s", parts->charset,
						language != NULL ? language : "",
						language != NULL && *language != '\0' ? "_" : "",
						parts->pads ? "" : "nopad", parts->level + parts->pads);
	else if (strcmp(parts->charset, "gb18030") == 0)
		(void) snprintf(name, MY_COLLATION_SIZE, "%s",
						strcmp(name, "gb18030_bin") == 0 ? "utf8mb4_bin"
														 : "utf8mb4_unicode_520_ci");
	if (target->version < UTF8MB3_SINCE)
		name_utf8(name);
}

/* ---- at MySQL ---- */

static void
drop_word(char name[MY_COLLATION_SIZE], const char *word)
{
	char *at = strstr(name, word);

	if (at != NULL)
		memmove(at, at + strlen(word), strlen(at + strlen(word)) + 1);
}

static void
write_mysql(const TargetKind *target, const Parts *parts, char name[MY_COLLATION_SIZE])
{
	bool utf8mb4 = strcmp(parts->charset, "utf8mb4") == 0;
	bool newest = utf8mb4 && target->version >= UCA0900_SINCE;
	const char *language = language_at(parts, false);
	const char *level = parts->level;

	if (level == NULL)
	{
		if (newest && strstr(name, "_nopad_ci") != NULL)
			(void) snprintf(name, MY_COLLATION_SIZE, "utf8mb4_0900_ai_ci");
		drop_word(name, "_nopad");
		return;
	}
	/* What tells case apart tells accents apart, too. */
	if (strcmp(level, "_ai_cs") == 0)
		level = "_as_cs";
	if (newest && language != NULL && strcmp(level, "_as_ci") != 0)
		(void) snprintf(name, MY_COLLATION_SIZE, "utf8mb4_%s_0900%s", language, level);
	else if (newest)
		(void) snprintf(name, MY_COLLATION_SIZE, "utf8mb4_0900%s", level);
	else
		(void) snprintf(name, MY_COLLATION_SIZE, "%s%s", parts->charset,
						strcmp(level, "_as_cs") == 0 ? "_bin" : "_unicode_520_ci");
}

/* ---- both ---- */

static bool
write_other(bool mariadb, const char *collation, char name[MY_COLLATION_SIZE])
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
	{
		if (strcmp(mariadb ? others[i].mysql : others[i].mariadb, collation) != 0)
			continue;
		(void) snprintf(name, MY_COLLATION_SIZE, "%s",
						mariadb ? others[i].mariadb : others[i].mysql);
		return true;
	}
	return false;
}

void
my_collation_at(const TargetKind *target, TargetFlavour source, const char *collation,
				char name[MY_COLLATION_SIZE])
{
	bool same = target->flavour == source;
	Parts parts;

	/* "utf8" is what utf8mb3 was called. */
	if (strncmp(collation, "utf8_", 5) == 0)
		(void) snprintf(name, MY_COLLATION_SIZE, "utf8mb3_%.50s", collation + 5);
	else
		(void) snprintf(name, MY_COLLATION_SIZE, "%.60s", collation);
	read_parts(name, &parts);
	if (!same && write_other(target->flavour == FLAVOUR_MARIADB, name, name))
		return;
	if (target->flavour == FLAVOUR_MARIADB)
		write_mariadb(target, &parts, same, name);
	else if (!same)
		write_mysql(target, &parts, name);
}
