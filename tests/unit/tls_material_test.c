/*
 * tls_material_test.c - PEM texts of a connection: what is taken, what is refused, and the files made of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "control/database/tls_material.h"

#define DAY_SECONDS (24 * 3600L)

/* A pair as PEM texts. */
typedef struct Pair
{
	char *certificate, *key, *locked;
} Pair;

static char *
text_of_bio(BIO *bio)
{
	char *data, *text;
	long length = BIO_get_mem_data(bio, &data);

	text = strndup(data, (size_t) length);
	BIO_free(bio);
	return text;
}

static Pair
make_pair(long from_days, long until_days)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	BIO *out[3];

	(void) ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	(void) X509_gmtime_adj(X509_getm_notBefore(certificate), from_days * DAY_SECONDS);
	(void) X509_gmtime_adj(X509_getm_notAfter(certificate), until_days * DAY_SECONDS);
	(void) X509_set_pubkey(certificate, key);
	(void) X509_sign(certificate, key, EVP_sha256());
	for (int i = 0; i < 3; i++)
		out[i] = BIO_new(BIO_s_mem());
	(void) PEM_write_bio_X509(out[0], certificate);
	(void) PEM_write_bio_PrivateKey(out[1], key, NULL, NULL, 0, NULL, NULL);
	(void) PEM_write_bio_PrivateKey(out[2], key, EVP_aes_128_cbc(), (const unsigned char *) "x", 1,
									NULL, NULL);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return (Pair){text_of_bio(out[0]), text_of_bio(out[1]), text_of_bio(out[2])};
}

static void
free_pair(Pair *pair)
{
	free(pair->certificate);
	free(pair->key);
	free(pair->locked);
}

static int64_t
now_ms(void)
{
	return (int64_t) time(NULL) * 1000;
}

/* Checks texts; the part that is at fault, or ENDPOINT_SECRETS when all is well. */
static EndpointSecret
check(const char *ca, const char *certificate, const char *key, int64_t *expires_ms,
	  SluiceError *err)
{
	const char *pem[ENDPOINT_SECRETS] = {
		[ENDPOINT_CA] = ca, [ENDPOINT_CERTIFICATE] = certificate, [ENDPOINT_KEY] = key};
	EndpointSecret part;

	*err = (SluiceError){0};
	if (tls_pem_check(pem, now_ms(), expires_ms, &part, err))
		return ENDPOINT_SECRETS;
	assert_int_equal(err->code, SLUICE_ERROR_ARGUMENT);
	return part;
}

static void
good_texts_are_taken(void **state)
{
	Pair one = make_pair(-1, 30), two = make_pair(-1, 60);
	char *chain = NULL;
	SluiceError err;
	int64_t expires_ms;

	(void) state;
	assert_int_equal(check(NULL, NULL, NULL, &expires_ms, &err), ENDPOINT_SECRETS);
	assert_int_equal(expires_ms, 0);
	assert_int_equal(check(one.certificate, NULL, NULL, &expires_ms, &err), ENDPOINT_SECRETS);
	assert_int_equal(check(two.certificate, one.certificate, one.key, &expires_ms, &err),
					 ENDPOINT_SECRETS);
	/* The client's own certificate is the first. */
	assert_true(asprintf(&chain, "subject=x\n%s\nissuer\n%s", one.certificate, two.certificate) >
				0);
	assert_int_equal(check(NULL, chain, one.key, &expires_ms, &err), ENDPOINT_SECRETS);
	assert_true(expires_ms > now_ms() + 29 * DAY_SECONDS * 1000 &&
				expires_ms < now_ms() + 31 * DAY_SECONDS * 1000);
	free(chain);
	free_pair(&one);
	free_pair(&two);
}

static void
bad_texts_are_refused(void **state)
{
	Pair one = make_pair(-1, 30), two = make_pair(-1, 30), old = make_pair(-20, -10);
	char *broken = strdup(one.certificate), *large = calloc(1, TLS_PEM_MAXIMUM + 2);
	SluiceError err;
	int64_t expires_ms;

	(void) state;
	memset(large, 'x', TLS_PEM_MAXIMUM + 1);
	memset(broken + 80, '!', 20);
	assert_int_equal(check("", NULL, NULL, &expires_ms, &err), ENDPOINT_CA);
	assert_int_equal(check("nonsense", NULL, NULL, &expires_ms, &err), ENDPOINT_CA);
	assert_int_equal(check(one.key, NULL, NULL, &expires_ms, &err), ENDPOINT_CA);
	assert_int_equal(check(broken, NULL, NULL, &expires_ms, &err), ENDPOINT_CA);
	assert_int_equal(check(large, NULL, NULL, &expires_ms, &err), ENDPOINT_CA);
	assert_int_equal(check(old.certificate, NULL, NULL, &expires_ms, &err), ENDPOINT_CA);
	assert_non_null(strstr(err.message, "expired on 20"));
	assert_int_equal(check(NULL, one.certificate, NULL, &expires_ms, &err), ENDPOINT_KEY);
	assert_int_equal(check(NULL, NULL, one.key, &expires_ms, &err), ENDPOINT_CERTIFICATE);
	assert_int_equal(check(NULL, one.certificate, two.key, &expires_ms, &err), ENDPOINT_KEY);
	assert_int_equal(check(NULL, one.certificate, one.certificate, &expires_ms, &err),
					 ENDPOINT_KEY);
	assert_int_equal(check(NULL, old.certificate, old.key, &expires_ms, &err),
					 ENDPOINT_CERTIFICATE);
	assert_int_equal(check(NULL, one.certificate, one.locked, &expires_ms, &err), ENDPOINT_KEY);
	assert_non_null(strstr(err.message, "encrypted"));
	free(broken);
	free(large);
	free_pair(&one);
	free_pair(&two);
	free_pair(&old);
}

static void
files_are_for_the_owner_alone(void **state)
{
	const char *pem[ENDPOINT_SECRETS] = {
		[ENDPOINT_PASSWORD] = "not in a file", [ENDPOINT_KEY] = "key text"};
	TlsMaterial material;
	SluiceError err = {0};
	struct stat status;
	char text[32] = "";
	FILE *in;

	(void) state;
	assert_true(tls_material_open(&material, pem, &err));
	assert_null(material.files.paths[ENDPOINT_PASSWORD]);
	assert_null(material.files.paths[ENDPOINT_CA]);
	assert_int_equal(stat(material.files.paths[ENDPOINT_KEY], &status), 0);
	assert_int_equal(status.st_mode & 077, 0);
	assert_int_equal(status.st_nlink, 0);
	in = fopen(material.files.paths[ENDPOINT_KEY], "r");
	assert_non_null(in);
	assert_non_null(fgets(text, sizeof(text), in));
	(void) fclose(in);
	assert_string_equal(text, "key text");
	tls_material_close(&material);
	tls_material_close(&material);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_texts_are_taken),
		cmocka_unit_test(bad_texts_are_refused),
		cmocka_unit_test(files_are_for_the_owner_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
