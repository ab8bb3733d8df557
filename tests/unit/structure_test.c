/*
 * structure_test.c - what is chosen for each state an object can be in, by every policy and mode; what
 * follows from failing steps; with a target that only plays its part.
 */
#include "writer/structure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define POLICIES 4
#define MODES	 4
#define STATES	 5

/* ---- a target that plays its part ---- */

typedef struct Player
{
	Structure base; /* first */
	ObjectState state;
	bool rows, key;
	const char *carried[4]; /* SQL, ends with NULL; "!x" needs x to have been run */
	char ran[256];
	SluiceErrorCode failure; /* of statements that fail */
} Player;

static bool
play_look(Structure *s, SluiceError *err)
{
	(void) s;
	(void) err;
	return true;
}

static bool
play_judge(Structure *s, const Chosen *chosen, Findings *findings, SluiceError *err)
{
	(void) s;
	(void) chosen;
	(void) findings;
	(void) err;
	return true;
}

/* All tables are as the player is told; what they stand on is there. */
static ObjectState
play_state(Structure *s, ObjectKind kind, size_t number, FILE *out)
{
	(void) number;
	if (kind == OBJECT_CARRIED)
		return OBJECT_MISSING;
	if (kind != OBJECT_TABLE)
		return OBJECT_SAME;
	if (((Player *) s)->state >= OBJECT_DIFFERENT)
		(void) fputs("is odd", out);
	return ((Player *) s)->state;
}

static bool
play_has_rows(Structure *s, size_t table, bool *rows, SluiceError *err)
{
	(void) table;
	(void) err;
	*rows = ((Player *) s)->rows;
	return true;
}

static bool
play_has_key(Structure *s, size_t table)
{
	(void) table;
	return ((Player *) s)->key;
}

static void
play_write_chosen(Structure *s, const Chosen *chosen, Script *script)
{
	(void) s;
	(void) chosen;
	(void) script;
}

static bool
play_write_keys(Structure *s, Script *script, SluiceError *err)
{
	(void) s;
	(void) script;
	(void) err;
	return true;
}

static void
play_write_carried(Structure *s, Script *script)
{
	for (const char *const *sql = ((Player *) s)->carried; *sql != NULL; sql++)
		(void) fputs(*sql, script_step(script, STEP_WARNS, "view", "s", *sql));
}

/* "b!a" is b, which needs a to have been run before. */
static bool
play_run(Structure *s, const char *sql, RunMode mode, SluiceError *err)
{
	Player *player = (Player *) s;
	const char *need = strchr(sql, '!');

	assert_int_equal(mode, RUN_ALONE);
	if (need != NULL && strchr(player->ran, need[1]) == NULL)
		return sluice_fail(err, player->failure, "there is no %s", need + 1);
	(void) snprintf(player->ran + strlen(player->ran), sizeof(player->ran) - strlen(player->ran),
					"%c", *sql);
	return true;
}

static const StructureOps playing = {
	.look = play_look,
	.judge = play_judge,
	.state = play_state,
	.has_rows = play_has_rows,
	.has_key = play_has_key,
	.write_chosen = play_write_chosen,
	.write_keys = play_write_keys,
	.write_carried = play_write_carried,
	.run = play_run,
};

static SchemaTable one_table = {.schema = "public", .name = "a", .kind = SCHEMA_TABLE_PLAIN};
static SchemaLoad a_load;
static const SchemaDocument document = {.tables = &one_table, .table_count = 1, .load = &a_load};

/* ---- choices ---- */

/*
 * What is chosen for the table, or 'x' when it is refused: - nothing, k keep, c create, d drop and create,
 * t keep and empty.
 */
static char
choice(SchemaPolicy policy, WriteMode mode, unsigned create, ObjectState state, bool rows, bool key,
	   char hint[256])
{
	const StructureSettings settings = {.create = create, .policy = policy, .mode = mode};
	Player player = {.base = {.ops = &playing, .document = &document, .settings = &settings},
					 .state = state,
					 .rows = rows,
					 .key = key};
	Chosen chosen;
	Findings findings = {0};
	unsigned bits;
	char found = '?';

	assert_true(structure_choose(&player.base, &chosen, &findings, hint, 256, NULL));
	bits = chosen.of[OBJECT_TABLE][0];
	if (findings.problems > 0)
		found = 'x';
	else if (bits == 0)
		found = '-';
	else if (bits == CHOSEN_CREATE)
		found = 'c';
	else if (bits == (CHOSEN_CREATE | CHOSEN_DROP))
		found = 'd';
	else if (bits == CHOSEN_KEEP)
		found = 'k';
	else if (bits == (CHOSEN_KEEP | CHOSEN_EMPTY))
		found = 't';
	assert_int_equal(findings.problems > 0, hint[0] != '\0');
	findings_free(&findings);
	chosen_free(&chosen);
	return found;
}

static void
every_state_by_every_policy(void **state)
{
	/* missing, same, different, unsuitable, foreign */
	static const char *const expected[POLICIES] = {
		[POLICY_FAIL_IF_EXISTS] = "cxxxx",
		[POLICY_VALIDATE_EXISTING] = "xkxxx",
		[POLICY_CREATE_MISSING] = "ckkxx",
		[POLICY_DROP_AND_RECREATE] = "cdddx",
	};
	char hint[256];

	(void) state;
	for (int policy = 0; policy < POLICIES; policy++)
	{
		for (int found = 0; found < STATES; found++)
			assert_int_equal(choice((SchemaPolicy) policy, WRITE_FAIL_IF_NOT_EMPTY, CREATE_ALL,
									(ObjectState) found, false, false, hint),
							 expected[policy][found]);
	}
}

static void
every_mode_by_what_is_there(void **state)
{
	/* no rows, rows without a key, rows with a key */
	static const char *const expected[MODES] = {
		[WRITE_FAIL_IF_NOT_EMPTY] = "kxx",
		[WRITE_APPEND] = "kkk",
		[WRITE_TRUNCATE] = "ttt",
		[WRITE_UPSERT] = "kxk",
	};
	static const SchemaPolicy keeping[] = {POLICY_VALIDATE_EXISTING, POLICY_CREATE_MISSING};
	char hint[256];

	(void) state;
	for (int mode = 0; mode < MODES; mode++)
	{
		for (int found = 0; found < 3; found++)
		{
			for (int i = 0; i < 2; i++)
				assert_int_equal(choice(keeping[i], (WriteMode) mode, CREATE_ALL, OBJECT_SAME,
										found > 0, found == 2, hint),
								 expected[mode][found]);
			/* What is dropped has no rows to speak of. */
			assert_int_equal(choice(POLICY_DROP_AND_RECREATE, (WriteMode) mode, CREATE_ALL,
									OBJECT_SAME, found > 0, found == 2, hint),
							 'd');
		}
	}
}

static void
without_tables_they_must_be_there(void **state)
{
	char hint[256];

	(void) state;
	assert_int_equal(choice(POLICY_CREATE_MISSING, WRITE_APPEND, CREATE_INDEXES, OBJECT_MISSING,
							false, false, hint),
					 'x');
	assert_non_null(strstr(hint, "create what is missing"));
	assert_int_equal(
		choice(POLICY_CREATE_MISSING, WRITE_APPEND, 0, OBJECT_SAME, false, false, hint), 'k');
}

static void
every_refusal_says_what_to_do(void **state)
{
	char hint[256];

	(void) state;
	(void) choice(POLICY_FAIL_IF_EXISTS, WRITE_APPEND, CREATE_ALL, OBJECT_SAME, false, false, hint);
	assert_string_equal(hint, "drop what exists, or use --schema-policy create_missing");
	(void) choice(POLICY_CREATE_MISSING, WRITE_APPEND, CREATE_ALL, OBJECT_UNSUITABLE, false, false,
				  hint);
	assert_string_equal(hint,
						"alter it, or use --schema-policy drop_and_recreate: its rows go, too");
	(void) choice(POLICY_CREATE_MISSING, WRITE_FAIL_IF_NOT_EMPTY, CREATE_ALL, OBJECT_SAME, true,
				  false, hint);
	assert_string_equal(hint, "use --write-mode truncate, append or upsert, or empty the tables");
}

/* ---- what begins ---- */

static bool
play_note_begun(Structure *s, SluiceError *err)
{
	(void) err;
	(void) snprintf(((Player *) s)->ran, sizeof(((Player *) s)->ran), "begun");
	return true;
}

/* Where statements commit by themselves, what is begun is noted, but not what is refused. */
static void
beginning_is_noted_when_all_is_checked(void **state)
{
	const StructureSettings settings = {.create = CREATE_ALL};
	StructureOps noting = playing;
	Player player = {.base = {.ops = &noting, .document = &document, .settings = &settings},
					 .state = OBJECT_SAME};
	SluiceError err;

	(void) state;
	noting.note_begun = play_note_begun;
	assert_false(structure_prepare(&player.base, &err));
	assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
	assert_string_equal(player.ran, "");
	player.state = OBJECT_MISSING;
	assert_true(structure_prepare(&player.base, &err));
	assert_string_equal(player.ran, "begun");
}

/* ---- settings ---- */

static void
what_to_create_is_read(void **state)
{
	static const struct
	{
		char *words[3];
		size_t count;
		int bits; /* -1: refused */
	} cases[] = {
		{{"tables", "indexes", "foreign_keys"}, 3, CREATE_ALL},
		{{"indexes", "indexes"}, 2, CREATE_INDEXES},
		{{"none"}, 1, 0},
		{{"all"}, 1, CREATE_ALL},
		{{NULL}, 0, 0},
		{{"none", "tables"}, 2, -1},
		{{"Tables"}, 1, -1},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		unsigned create;
		bool good = structure_create_parse(cases[i].words, cases[i].count, &create, NULL);

		assert_int_equal(good, cases[i].bits >= 0);
		if (good)
			assert_int_equal(create, cases[i].bits);
	}
}

static void
what_makes_tables_must_be_allowed_to(void **state)
{
	(void) state;
	for (int policy = 0; policy < POLICIES; policy++)
	{
		StructureSettings settings = {.create = CREATE_INDEXES, .policy = (SchemaPolicy) policy};
		bool makes = policy == POLICY_FAIL_IF_EXISTS || policy == POLICY_DROP_AND_RECREATE;

		assert_int_equal(structure_settings_check(&settings, NULL), !makes);
		settings.create |= CREATE_TABLES;
		assert_true(structure_settings_check(&settings, NULL));
	}
}

/* ---- failures ---- */

/* Runs what is carried; what was run, or the error's code as a digit. */
static const char *
carry(Player *player, bool strict, const char *a, const char *b, const char *c,
	  SluiceErrorCode failure)
{
	const StructureSettings settings = {.strict = strict};
	SluiceError err = {0};

	*player = (Player){.base = {.ops = &playing, .document = &document, .settings = &settings},
					   .carried = {a, b, c, NULL},
					   .failure = failure};
	if (!structure_finish_keys(&player->base, &err))
	{
		assert_int_equal(err.code, failure);
		return "failed";
	}
	return player->ran;
}

static void
what_needs_another_comes_behind_it(void **state)
{
	Player player;

	(void) state;
	assert_string_equal(carry(&player, true, "a!b", "b!c", "c", SLUICE_ERROR_DATA), "cba");
	assert_string_equal(carry(&player, true, "a", "b!a", "c!b", SLUICE_ERROR_DATA), "abc");
}

static void
what_cannot_be_carried_is_left(void **state)
{
	Player player;

	(void) state;
	assert_string_equal(carry(&player, false, "a!x", "b", "c!b", SLUICE_ERROR_NOT_FOUND), "bc");
	assert_string_equal(carry(&player, true, "a!x", "b", "c!b", SLUICE_ERROR_NOT_FOUND), "failed");
	assert_string_equal(carry(&player, false, "a!x", "b", "c!b", SLUICE_ERROR_IO), "failed");
}

/* ---- findings ---- */

static void
as_many_problems_as_find_room(void **state)
{
	Findings findings = {0};
	SluiceError err;

	(void) state;
	assert_true(findings_good(&findings, "no", NULL));
	findings_warning(&findings, "only a warning");
	assert_true(findings_good(&findings, "no", NULL));
	findings_problem(&findings, "the first");
	findings_problem(&findings, "the second");
	assert_false(findings_good(&findings, "no", &err));
	assert_string_equal(err.message, "no: the first; the second");
	for (int i = 0; i < 98; i++)
		findings_problem(&findings, "a problem with a long name: %d", i);
	assert_false(findings_good(&findings, "no", &err));
	assert_non_null(strstr(err.message, "no: the first; the second; a problem"));
	assert_non_null(strstr(err.message, " more"));
	assert_null(strstr(err.message, "only a warning"));
	findings_free(&findings);
}

static void
one_long_problem_is_cut(void **state)
{
	char name[2000];
	Findings findings = {0};
	SluiceError err;

	(void) state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	findings_problem(&findings, "%s", name);
	findings_problem(&findings, "another");
	assert_false(findings_good(&findings, "no", &err));
	assert_non_null(strstr(err.message, "nnn; and 1 more"));
	findings_free(&findings);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_by_every_policy),
		cmocka_unit_test(every_mode_by_what_is_there),
		cmocka_unit_test(without_tables_they_must_be_there),
		cmocka_unit_test(every_refusal_says_what_to_do),
		cmocka_unit_test(beginning_is_noted_when_all_is_checked),
		cmocka_unit_test(what_to_create_is_read),
		cmocka_unit_test(what_makes_tables_must_be_allowed_to),
		cmocka_unit_test(what_needs_another_comes_behind_it),
		cmocka_unit_test(what_cannot_be_carried_is_left),
		cmocka_unit_test(as_many_problems_as_find_room),
		cmocka_unit_test(one_long_problem_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
