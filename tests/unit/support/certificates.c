/*
 * certificates.c - making keys and certificates with libcrypto; what fails ends the test.
 */
#include "certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALID_SECONDS 86400

struct Authority
{
	EVP_PKEY *key;
	X509 *cert;
	long serial;
};

static void
need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "certificates: %s\n", what);
	exit(1);
}

static void
add_extension(X509 *cert, int kind, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
	need(extension != NULL && X509_add_ext(cert, extension, -1) == 1, value);
	X509_EXTENSION_free(extension);
}

static X509 *
new_cert(const char *name, long serial, EVP_PKEY *key)
{
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);

	need(X509_set_version(cert, 2) == 1 &&
			 ASN1_INTEGER_set(X509_get_serialNumber(cert), serial) == 1 &&
			 X509_gmtime_adj(X509_getm_notBefore(cert), -60) != NULL &&
			 X509_gmtime_adj(X509_getm_notAfter(cert), VALID_SECONDS) != NULL &&
			 X509_set_pubkey(cert, key) == 1 &&
			 X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *) name,
										-1, -1, 0) == 1,
		 name);
	return cert;
}

/* PEM text of a certificate, or of a key. */
static void
write_pem(const NatsServer *server, const char *file, X509 *cert, EVP_PKEY *key, char *path,
		  size_t size)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char text[8192];
	int length;

	if (cert != NULL)
		need(PEM_write_bio_X509(memory, cert) == 1, file);
	else
		need(PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL) == 1, file);
	length = BIO_read(memory, text, sizeof(text) - 1);
	need(length > 0, file);
	text[length] = '\0';
	BIO_free(memory);
	nats_server_file(server, file, text, path, size);
}

static void
write_both(const NatsServer *server, const char *name, X509 *cert, EVP_PKEY *key, Certificate *file)
{
	char text[80];

	(void) snprintf(text, sizeof(text), "%.60s.pem", name);
	write_pem(server, text, cert, NULL, file->cert, sizeof(file->cert));
	(void) snprintf(text, sizeof(text), "%.60s.key", name);
	write_pem(server, text, NULL, key, file->key, sizeof(file->key));
}

Authority *
authority_new(const NatsServer *server, const char *name, Certificate *file)
{
	Authority *authority = calloc(1, sizeof(*authority));

	need(authority != NULL, "memory");
	authority->key = EVP_EC_gen("P-256");
	need(authority->key != NULL, "key");
	authority->cert = new_cert(name, ++authority->serial, authority->key);
	add_extension(authority->cert, NID_basic_constraints, "critical,CA:TRUE");
	need(X509_set_issuer_name(authority->cert, X509_get_subject_name(authority->cert)) == 1 &&
			 X509_sign(authority->cert, authority->key, EVP_sha256()) > 0,
		 name);
	write_both(server, name, authority->cert, authority->key, file);
	return authority;
}

void
authority_free(Authority *authority)
{
	X509_free(authority->cert);
	EVP_PKEY_free(authority->key);
	free(authority);
}

void
authority_issue(Authority *authority, const NatsServer *server, const char *name, const char *names,
				Certificate *file)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert;

	need(key != NULL, "key");
	cert = new_cert(name, ++authority->serial, key);
	add_extension(cert, NID_subject_alt_name, names);
	need(X509_set_issuer_name(cert, X509_get_subject_name(authority->cert)) == 1 &&
			 X509_sign(cert, authority->key, EVP_sha256()) > 0,
		 name);
	write_both(server, name, cert, key, file);
	X509_free(cert);
	EVP_PKEY_free(key);
}
