/*
 * seal_test.c - sealed secrets open in their own place, under their own master key, and no other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/control/seal.h"

static char folder[] = "/tmp/sluice-seal.XXXXXX";
static char path[64], other_path[64];
static MasterKey *key, *other;
static const SealPlace place = {"acme", "conn_a", "password"};

static int
start(void **state)
{
	SluiceError err;

	(void) state;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void) snprintf(path, sizeof(path), "%s/key", folder);
	(void) snprintf(other_path, sizeof(other_path), "%s/other", folder);
	key = master_key_open(path, true, NULL, &err);
	other = master_key_open(other_path, true, NULL, &err);
	return key != NULL && other != NULL ? 0 : -1;
}

static int
stop(void **state)
{
	(void) state;
	master_key_free(key);
	master_key_free(other);
	(void) unlink(path);
	(void) unlink(other_path);
	return rmdir(folder);
}

static void
write_file(const char *name, const void *bytes, size_t length, mode_t mode)
{
	FILE *file = fopen(name, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(name, mode), 0);
}

static void
the_file_is_made_once_and_for_its_owner(void **state)
{
	struct stat status;
	bool made;
	MasterKey *again;
	SluiceError err;

	(void) state;
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0400);
	assert_int_equal(status.st_size, MASTER_KEY_BYTES);
	again = master_key_open(path, true, &made, &err);
	assert_non_null(again);
	assert_false(made);
	assert_string_equal(master_key_version(again), master_key_version(key));
	assert_string_not_equal(master_key_version(other), master_key_version(key));
	assert_int_equal(strlen(master_key_version(key)), MASTER_KEY_VERSION - 1);
	master_key_free(again);
}

static void
bad_files_are_refused(void **state)
{
	char bad[64];
	unsigned char bytes[MASTER_KEY_BYTES + 1] = {1};
	SluiceError err;

	(void) state;
	(void) snprintf(bad, sizeof(bad), "%s/bad", folder);
	assert_null(master_key_open(bad, false, NULL, &err));
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
	write_file(bad, bytes, MASTER_KEY_BYTES, 0440);
	assert_null(master_key_open(bad, true, NULL, &err));
	assert_int_equal(err.code, SLUICE_ERROR_DENIED);
	assert_int_equal(unlink(bad), 0);
	write_file(bad, bytes, MASTER_KEY_BYTES + 1, 0400);
	assert_null(master_key_open(bad, true, NULL, &err));
	assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
	assert_int_equal(unlink(bad), 0);
	assert_null(master_key_open(folder, true, NULL, &err));
	assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
}

static void
what_is_sealed_opens(void **state)
{
	static char long_secret[SEAL_MAXIMUM + 1];
	const char *const secrets[] = {"", "s", "hunter2 \xc3\xa4\n", long_secret};
	SluiceError err;

	(void) state;
	memset(long_secret, 'x', SEAL_MAXIMUM);
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
	{
		char *sealed = seal(key, &place, secrets[i], strlen(secrets[i]), &err);
		char *again = seal(key, &place, secrets[i], strlen(secrets[i]), &err);
		size_t length;
		char *opened;

		assert_non_null(sealed);
		assert_string_not_equal(sealed, again);
		opened = unseal(key, &place, sealed, &length, &err);
		assert_non_null(opened);
		assert_int_equal(length, strlen(secrets[i]));
		assert_string_equal(opened, secrets[i]);
		assert_true(strlen(secrets[i]) < 8 || strstr(sealed, secrets[i]) == NULL);
		secret_free(opened);
		free(sealed);
		free(again);
	}
	assert_null(seal(key, &place, long_secret, SEAL_MAXIMUM + 1, &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
}

static void
other_places_do_not_open_it(void **state)
{
	const SealPlace places[] = {
		{"acm", "econn_a", "password"},
		{"other", "conn_a", "password"},
		{"acme", "conn_b", "password"},
		{"acme", "conn_a", "key"},
		{"", "", ""},
	};
	SluiceError err;
	char *sealed = seal(key, &place, "secret", 6, &err);

	(void) state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
	{
		assert_null(unseal(key, &places[i], sealed, NULL, &err));
		assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
		assert_null(reseal(key, other, &places[i], sealed, &err));
	}
	free(sealed);
}

static void
another_master_key_says_so(void **state)
{
	SluiceError err;
	char *sealed = seal(key, &place, "secret", 6, &err);

	(void) state;
	assert_null(unseal(other, &place, sealed, NULL, &err));
	assert_int_equal(err.code, SLUICE_ERROR_VERSION);
	free(sealed);
}

/* Whichever byte is changed, or wherever it is cut off. */
static void
damage_is_refused(void **state)
{
	SluiceError err;
	char *sealed = seal(key, &place, "secret", 6, &err);
	size_t length = strlen(sealed);

	(void) state;
	for (size_t i = 0; i < length; i++)
	{
		char *damaged = strdup(sealed);

		assert_non_null(damaged);
		damaged[i] = damaged[i] == 'A' ? 'B' : 'A';
		assert_null(unseal(key, &place, damaged, NULL, &err));
		damaged[i] = '\0';
		assert_null(unseal(key, &place, damaged, NULL, &err));
		free(damaged);
	}
	free(sealed);
}

/* Parts of two sealed texts do not go together. */
static void
parts_cannot_be_exchanged(void **state)
{
	SluiceError err;
	char *one = seal(key, &place, "one", 3, &err), *two = seal(key, &place, "two", 3, &err);
	char mixed[512];

	(void) state;
	(void) snprintf(mixed, sizeof(mixed), "%.*s%s", (int) (strrchr(one, '.') - one), one,
					strrchr(two, '.'));
	assert_null(unseal(key, &place, mixed, NULL, &err));
	free(one);
	free(two);
}

static void
rotation_keeps_the_secret(void **state)
{
	char version[MASTER_KEY_VERSION];
	SluiceError err;
	char *sealed = seal(key, &place, "secret", 6, &err);
	char *rotated = reseal(key, other, &place, sealed, &err);
	char *twice, *opened;

	(void) state;
	assert_non_null(rotated);
	assert_true(seal_version(rotated, version, &err));
	assert_string_equal(version, master_key_version(other));
	assert_string_equal(strrchr(rotated, '.'), strrchr(sealed, '.'));
	assert_null(unseal(key, &place, rotated, NULL, &err));
	opened = unseal(other, &place, rotated, NULL, &err);
	assert_string_equal(opened, "secret");
	twice = reseal(key, other, &place, rotated, &err);
	assert_string_equal(twice, rotated);
	secret_free(opened);
	free(sealed);
	free(rotated);
	free(twice);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_file_is_made_once_and_for_its_owner),
		cmocka_unit_test(bad_files_are_refused),
		cmocka_unit_test(what_is_sealed_opens),
		cmocka_unit_test(other_places_do_not_open_it),
		cmocka_unit_test(another_master_key_says_so),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(parts_cannot_be_exchanged),
		cmocka_unit_test(rotation_keeps_the_secret),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
