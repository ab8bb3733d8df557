/*
 * tls_material.c - reading PEM and making files of it (tls_material.h).
 */
#include "tls_material.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What is in files. */
static const EndpointSecret parts[] = {ENDPOINT_CA, ENDPOINT_CERTIFICATE, ENDPOINT_KEY};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

/* ---- reading ---- */

static BIO *
open_pem(const char *pem)
{
	ERR_clear_error();
	return BIO_new_mem_buf(pem, -1);
}

static int64_t
milliseconds_of(const ASN1_TIME *time)
{
	struct tm parts;

	return ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t) timegm(&parts) * 1000 : 0;
}

/* The next certificate, NULL at the end or before something that is none, which is told by *broken. */
static X509 *
next_certificate(BIO *in, bool *broken)
{
	X509 *certificate = PEM_read_bio_X509(in, NULL, NULL, NULL);

	if (certificate == NULL)
		*broken = ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
	ERR_clear_error();
	return certificate;
}

/* The first certificate, to be freed; *latest becomes when the last of all of them expires. */
static X509 *
read_certificates(const char *pem, int64_t *latest, SluiceError *err)
{
	BIO *in = open_pem(pem);
	X509 *first = NULL, *one;
	bool broken = false;

	*latest = 0;
	while (in != NULL && (one = next_certificate(in, &broken)) != NULL)
	{
		int64_t until = milliseconds_of(X509_get0_notAfter(one));

		*latest = until > *latest ? until : *latest;
		if (first == NULL)
			first = one;
		else
			X509_free(one);
	}
	BIO_free(in);
	if (first != NULL && !broken)
		return first;
	X509_free(first);
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "%s",
					   broken ? "a certificate in it cannot be read"
							  : "there is no certificate in it");
	(void) sluice_hint(err, "PEM: -----BEGIN CERTIFICATE----- and what follows to the END line");
	return NULL;
}

/* Nobody is asked for a password. */
static int
no_password(char *out, int size, int writes, void *context)
{
	(void) out;
	(void) size;
	(void) writes;
	*(bool *) context = true;
	return -1;
}

static EVP_PKEY *
read_key(const char *pem, SluiceError *err)
{
	bool encrypted = false;
	BIO *in = open_pem(pem);
	EVP_PKEY *key = in != NULL ? PEM_read_bio_PrivateKey(in, NULL, no_password, &encrypted) : NULL;

	BIO_free(in);
	ERR_clear_error();
	if (key != NULL)
		return key;
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "%s",
					   encrypted ? "the key is encrypted" : "there is no private key in it");
	(void) sluice_hint(err, encrypted
								? "take the password away (openssl pkey -in key.pem): it is kept "
								  "sealed here"
								: "PEM: -----BEGIN PRIVATE KEY----- and what follows");
	return NULL;
}

/* ---- judging ---- */

static bool
check_expiry(int64_t until, int64_t now_ms, const char *what, SluiceError *err)
{
	char day[16] = "";
	time_t seconds = (time_t) (until / 1000);
	struct tm parts;

	if (until > now_ms)
		return true;
	if (gmtime_r(&seconds, &parts) != NULL)
		(void) strftime(day, sizeof(day), "%Y-%m-%d", &parts);
	return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "%s expired on %s", what, day);
}

static bool
check_ca(const char *pem, int64_t now_ms, SluiceError *err)
{
	int64_t latest;
	X509 *first = read_certificates(pem, &latest, err);

	if (first == NULL)
		return false;
	X509_free(first);
	return check_expiry(latest, now_ms, "the authority's certificate", err);
}

static bool
check_match(X509 *certificate, const char *pem, SluiceError *err)
{
	EVP_PKEY *key = read_key(pem, err);
	bool match;

	if (key == NULL)
		return false;
	match = X509_check_private_key(certificate, key) == 1;
	ERR_clear_error();
	EVP_PKEY_free(key);
	return match || sluice_fail(err, SLUICE_ERROR_ARGUMENT,
								"the key is another than that of the certificate");
}

static bool
check_client(const char *const pem[ENDPOINT_SECRETS], int64_t now_ms, int64_t *expires_ms,
			 EndpointSecret *part, SluiceError *err)
{
	int64_t latest;
	X509 *certificate;
	bool good;

	*part = ENDPOINT_CERTIFICATE;
	certificate = read_certificates(pem[ENDPOINT_CERTIFICATE], &latest, err);
	if (certificate == NULL)
		return false;
	*expires_ms = milliseconds_of(X509_get0_notAfter(certificate));
	good = check_expiry(*expires_ms, now_ms, "the certificate", err);
	if (good)
	{
		*part = ENDPOINT_KEY;
		good = check_match(certificate, pem[ENDPOINT_KEY], err);
	}
	X509_free(certificate);
	return good;
}

static bool
check_lengths(const char *const pem[ENDPOINT_SECRETS], EndpointSecret *part, SluiceError *err)
{
	for (size_t i = 0; i < PARTS; i++)
	{
		*part = parts[i];
		if (pem[parts[i]] != NULL && strlen(pem[parts[i]]) > TLS_PEM_MAXIMUM)
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "it is longer than %d bytes",
							   TLS_PEM_MAXIMUM);
	}
	return true;
}

bool
tls_pem_check(const char *const pem[ENDPOINT_SECRETS], int64_t now_ms, int64_t *expires_ms,
			  EndpointSecret *part, SluiceError *err)
{
	*expires_ms = 0;
	if (!check_lengths(pem, part, err))
		return false;
	*part = ENDPOINT_CA;
	if (pem[ENDPOINT_CA] != NULL && !check_ca(pem[ENDPOINT_CA], now_ms, err))
		return false;
	if ((pem[ENDPOINT_CERTIFICATE] == NULL) != (pem[ENDPOINT_KEY] == NULL))
	{
		*part = pem[ENDPOINT_KEY] != NULL ? ENDPOINT_CERTIFICATE : ENDPOINT_KEY;
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "a client's certificate and its key go together: the %s is missing",
						   endpoint_secret_fields[*part]);
	}
	return pem[ENDPOINT_CERTIFICATE] == NULL || check_client(pem, now_ms, expires_ms, part, err);
}

/* ---- files ---- */

bool
tls_material_open(TlsMaterial *material, const char *const pem[ENDPOINT_SECRETS], SluiceError *err)
{
	*material = (TlsMaterial){.files = {{NULL}}};
	for (int i = 0; i < ENDPOINT_SECRETS; i++)
		material->descriptors[i] = -1;
	for (size_t i = 0; i < PARTS; i++)
	{
		EndpointSecret part = parts[i];

		if (pem[part] == NULL)
			continue;
		material->descriptors[part] =
			memory_file(endpoint_secret_fields[part], pem[part], strlen(pem[part]), err);
		if (material->descriptors[part] < 0)
			return false;
		material->files.paths[part] =
			memory_file_path(material->descriptors[part], material->texts[part]);
	}
	return true;
}

void
tls_material_close(TlsMaterial *material)
{
	for (size_t i = 0; i < PARTS; i++)
	{
		if (material->descriptors[parts[i]] >= 0)
			(void) close(material->descriptors[parts[i]]);
		material->descriptors[parts[i]] = -1;
	}
}
