/*
 * seal.c - the master key's file, and sealed texts (seal.h).
 *
 * Invariants:
 * 1. Data keys, secrets and the master key are wiped wherever they were, on every way out.
 * 2. The associated data of both boxes are length and text of tenant, owner, field, and the version of the master key
 *    (of the data key's box) or a fixed word (of the secret's, which outlives the master key).
 */
#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NONCE_BYTES	   crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES	   crypto_aead_xchacha20poly1305_ietf_ABYTES
#define DATA_KEY_BYTES crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define BOX_EXTRA	   (NONCE_BYTES + TAG_BYTES)
#define FORMAT		   "1"
#define VARIANT		   sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define ASSOCIATED_MAX 256
#define SECRET_WORD	   "secret"
#define VERSION_BYTES  ((MASTER_KEY_VERSION - 1) / 2)

struct MasterKey
{
	unsigned char bytes[MASTER_KEY_BYTES];
	char version[MASTER_KEY_VERSION];
};

_Static_assert(MASTER_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key length");

bool
seal_begin(SluiceError *err)
{
	return sodium_init() >= 0 ||
		   sluice_fail(err, SLUICE_ERROR_STATE, "libsodium finds no source of random numbers");
}

void
secret_free(char *text)
{
	if (text != NULL)
		sodium_memzero(text, strlen(text));
	free(text);
}

/* ---- the master key ---- */

/* A hash under the key itself: tells keys apart and nothing else. */
static void
set_version(MasterKey *key)
{
	static const unsigned char word[] = "sluice master key";
	unsigned char hash[crypto_generichash_BYTES_MIN];

	(void) crypto_generichash(hash, sizeof(hash), word, sizeof(word), key->bytes,
							  sizeof(key->bytes));
	(void) sodium_bin2hex(key->version, sizeof(key->version), hash, VERSION_BYTES);
}

static bool
fail_file(const char *path, const char *what, SluiceError *err)
{
	SluiceErrorCode code = SLUICE_ERROR_IO;

	if (errno == ENOENT)
		code = SLUICE_ERROR_NOT_FOUND;
	else if (errno == EACCES || errno == EPERM)
		code = SLUICE_ERROR_DENIED;
	return sluice_fail(err, code, "cannot %s master key file \"%s\": %s", what, path,
					   strerror(errno));
}

static bool
check_file(int fd, const char *path, SluiceError *err)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return fail_file(path, "look at", err);
	if (!S_ISREG(status.st_mode) || status.st_size != MASTER_KEY_BYTES)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "master key file \"%s\" does not hold %d bytes", path, MASTER_KEY_BYTES);
	if ((status.st_mode & 077) == 0)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_DENIED, "others may read master key file \"%s\"", path);
	return sluice_hint(err, "chmod 0400 it");
}

static bool
read_bytes(int fd, const char *path, unsigned char *bytes, SluiceError *err)
{
	size_t used = 0;

	while (used < MASTER_KEY_BYTES)
	{
		ssize_t got = read(fd, bytes + used, MASTER_KEY_BYTES - used);

		if (got == 0 || (got < 0 && errno != EINTR))
			return fail_file(path, "read", err);
		if (got > 0)
			used += (size_t) got;
	}
	return true;
}

/*
 * Written beside and linked to its name, so that of several servers on one machine one makes it, and nobody ever sees
 * half of it.
 */
static bool
make_file(const char *path, bool *made, SluiceError *err)
{
	char draft[4096];
	unsigned char bytes[MASTER_KEY_BYTES];
	bool good;
	int fd;

	if (snprintf(draft, sizeof(draft), "%s.XXXXXX", path) >= (int) sizeof(draft))
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "the master key file's name is too long");
	fd = mkstemp(draft);
	if (fd < 0)
		return fail_file(path, "make", err);
	randombytes_buf(bytes, sizeof(bytes));
	good =
		write(fd, bytes, sizeof(bytes)) == sizeof(bytes) && fchmod(fd, 0400) == 0 && fsync(fd) == 0;
	*made = good && link(draft, path) == 0;
	good = *made || (good && errno == EEXIST);
	if (!good)
		(void) fail_file(path, "make", err);
	sodium_memzero(bytes, sizeof(bytes));
	(void) close(fd);
	(void) unlink(draft);
	return good;
}

static int
open_file(const char *path, bool make, bool *made, SluiceError *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 && errno == ENOENT && make)
	{
		if (!make_file(path, made, err))
			return -1;
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	}
	if (fd < 0)
		(void) fail_file(path, "open", err);
	return fd;
}

MasterKey *
master_key_open(const char *path, bool make, bool *made, SluiceError *err)
{
	MasterKey *key = NULL;
	bool own = false;
	int fd;

	if (!seal_begin(err))
		return NULL;
	fd = open_file(path, make, &own, err);
	if (fd < 0)
		return NULL;
	if (check_file(fd, path, err) && (key = sodium_malloc(sizeof(*key))) == NULL)
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "no locked memory for the master key");
	if (key != NULL && read_bytes(fd, path, key->bytes, err))
		set_version(key);
	else
	{
		sodium_free(key);
		key = NULL;
	}
	(void) close(fd);
	if (made != NULL)
		*made = own && key != NULL;
	return key;
}

void
master_key_free(MasterKey *key)
{
	sodium_free(key); /* which wipes it */
}

const char *
master_key_version(const MasterKey *key)
{
	return key->version;
}

/* ---- boxes ---- */

/* Length and text of each; false when there is too much of it. */
static bool
associate(const SealPlace *place, const char *last, unsigned char associated[ASSOCIATED_MAX],
		  size_t *length, SluiceError *err)
{
	const char *const texts[] = {place->tenant, place->owner, place->field, last};

	*length = 0;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		size_t more = strlen(texts[i]);

		if (more > UINT8_MAX || *length + 1 + more > ASSOCIATED_MAX)
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "a secret's place has too long a name");
		associated[(*length)++] = (unsigned char) more;
		memcpy(associated + *length, texts[i], more);
		*length += more;
	}
	return true;
}

typedef struct Box
{
	unsigned char *bytes; /* nonce, then ciphertext with its tag */
	size_t length;
} Box;

static bool
close_box(const unsigned char *key, const SealPlace *place, const char *last, const void *text,
		  size_t length, Box *box, SluiceError *err)
{
	unsigned char associated[ASSOCIATED_MAX];
	unsigned long long written;
	size_t associated_length;

	if (!associate(place, last, associated, &associated_length, err))
		return false;
	box->bytes = malloc(length + BOX_EXTRA);
	if (box->bytes == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory sealing a secret");
	randombytes_buf(box->bytes, NONCE_BYTES);
	(void) crypto_aead_xchacha20poly1305_ietf_encrypt(box->bytes + NONCE_BYTES, &written, text,
													  length, associated, associated_length, NULL,
													  box->bytes, key);
	box->length = NONCE_BYTES + (size_t) written;
	return true;
}

/* `text` has room for box->length - BOX_EXTRA bytes. */
static bool
open_box(const unsigned char *key, const SealPlace *place, const char *last, const Box *box,
		 unsigned char *text, SluiceError *err)
{
	unsigned char associated[ASSOCIATED_MAX];
	size_t associated_length;

	if (!associate(place, last, associated, &associated_length, err))
		return false;
	if (box->length >= BOX_EXTRA &&
		crypto_aead_xchacha20poly1305_ietf_decrypt(text, NULL, NULL, box->bytes + NONCE_BYTES,
												   box->length - NONCE_BYTES, associated,
												   associated_length, box->bytes, key) == 0)
		return true;
	return sluice_fail(err, SLUICE_ERROR_CORRUPT,
					   "the secret %s of %s is damaged, or was sealed for another place",
					   place->field, place->owner);
}

/* ---- texts ---- */

/* A sealed text taken apart. */
typedef struct Sealed
{
	char version[MASTER_KEY_VERSION];
	Box data_key, secret;
} Sealed;

static void
sealed_free(Sealed *sealed)
{
	free(sealed->data_key.bytes);
	free(sealed->secret.bytes);
	*sealed = (Sealed){0};
}

static char *
sealed_write(const Sealed *sealed, SluiceError *err)
{
	size_t first = sodium_base64_encoded_len(sealed->data_key.length, VARIANT);
	size_t second = sodium_base64_encoded_len(sealed->secret.length, VARIANT);
	size_t head = strlen(FORMAT ".") + MASTER_KEY_VERSION - 1 + strlen(".");
	char *text = malloc(head + first + second);

	if (text == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory sealing a secret");
		return NULL;
	}
	(void) snprintf(text, head + 1, FORMAT ".%s.", sealed->version);
	(void) sodium_bin2base64(text + head, first, sealed->data_key.bytes, sealed->data_key.length,
							 VARIANT);
	text[head + first - 1] = '.';
	(void) sodium_bin2base64(text + head + first, second, sealed->secret.bytes,
							 sealed->secret.length, VARIANT);
	return text;
}

static bool
read_box(const char *text, size_t length, Box *box, SluiceError *err)
{
	size_t written = 0;

	box->bytes = malloc(length + 1);
	if (box->bytes == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory opening a secret");
	if (sodium_base642bin(box->bytes, length + 1, text, length, NULL, &written, NULL, VARIANT) !=
			0 ||
		written < BOX_EXTRA)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a sealed secret is damaged");
	box->length = written;
	return true;
}

bool
seal_version(const char *sealed, char version[MASTER_KEY_VERSION], SluiceError *err)
{
	size_t head = strlen(FORMAT ".");

	if (strncmp(sealed, FORMAT ".", head) != 0 ||
		strcspn(sealed + head, ".") != MASTER_KEY_VERSION - 1 ||
		sealed[head + MASTER_KEY_VERSION - 1] != '.')
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "this is no sealed secret");
	memcpy(version, sealed + head, MASTER_KEY_VERSION - 1);
	version[MASTER_KEY_VERSION - 1] = '\0';
	return true;
}

/* Free with sealed_free(), whatever it gave. */
static bool
sealed_read(const char *text, Sealed *sealed, SluiceError *err)
{
	const char *data_key, *secret;

	*sealed = (Sealed){0};
	if (strlen(text) > 2 * SEAL_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a sealed secret is too long");
	if (!seal_version(text, sealed->version, err))
		return false;
	data_key = text + strlen(FORMAT ".") + MASTER_KEY_VERSION;
	secret = strchr(data_key, '.');
	if (secret == NULL)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a sealed secret is cut off");
	return read_box(data_key, (size_t) (secret - data_key), &sealed->data_key, err) &&
		   read_box(secret + 1, strlen(secret + 1), &sealed->secret, err);
}

/* ---- sealing ---- */

static bool
close_both(const MasterKey *key, const SealPlace *place, const void *secret, size_t length,
		   Sealed *sealed, SluiceError *err)
{
	unsigned char data_key[DATA_KEY_BYTES];
	bool good;

	randombytes_buf(data_key, sizeof(data_key));
	memcpy(sealed->version, key->version, sizeof(sealed->version));
	good = close_box(key->bytes, place, key->version, data_key, sizeof(data_key), &sealed->data_key,
					 err) &&
		   close_box(data_key, place, SECRET_WORD, secret, length, &sealed->secret, err);
	sodium_memzero(data_key, sizeof(data_key));
	return good;
}

char *
seal(const MasterKey *key, const SealPlace *place, const void *secret, size_t length,
	 SluiceError *err)
{
	Sealed sealed = {0};
	char *text = NULL;

	if (length > SEAL_MAXIMUM)
		(void) sluice_fail(err, SLUICE_ERROR_LIMIT, "a secret has at most %d bytes", SEAL_MAXIMUM);
	else if (close_both(key, place, secret, length, &sealed, err))
		text = sealed_write(&sealed, err);
	sealed_free(&sealed);
	return text;
}

static bool
open_data_key(const MasterKey *key, const SealPlace *place, const Sealed *sealed,
			  unsigned char data_key[DATA_KEY_BYTES], SluiceError *err)
{
	if (strcmp(sealed->version, key->version) != 0)
	{
		(void) sluice_fail(err, SLUICE_ERROR_VERSION,
						   "the secret %s of %s is sealed under master key %s, not under %s",
						   place->field, place->owner, sealed->version, key->version);
		return sluice_hint(err, "Give every server the master key that was rotated to");
	}
	if (sealed->data_key.length != DATA_KEY_BYTES + BOX_EXTRA)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a sealed secret is damaged");
	return open_box(key->bytes, place, key->version, &sealed->data_key, data_key, err);
}

static char *
open_secret(const unsigned char *data_key, const SealPlace *place, const Sealed *sealed,
			size_t *length, SluiceError *err)
{
	char *text = malloc(sealed->secret.length + 1);

	if (text == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory opening a secret");
		return NULL;
	}
	if (!open_box(data_key, place, SECRET_WORD, &sealed->secret, (unsigned char *) text, err))
	{
		free(text);
		return NULL;
	}
	*length = sealed->secret.length - BOX_EXTRA;
	text[*length] = '\0';
	return text;
}

char *
unseal(const MasterKey *key, const SealPlace *place, const char *sealed_text, size_t *length,
	   SluiceError *err)
{
	unsigned char data_key[DATA_KEY_BYTES];
	size_t ignored;
	Sealed sealed;
	char *secret = NULL;

	if (sealed_read(sealed_text, &sealed, err) && open_data_key(key, place, &sealed, data_key, err))
		secret = open_secret(data_key, place, &sealed, length != NULL ? length : &ignored, err);
	sodium_memzero(data_key, sizeof(data_key));
	sealed_free(&sealed);
	return secret;
}

static bool
reseal_data_key(const MasterKey *from, const MasterKey *to, const SealPlace *place, Sealed *sealed,
				SluiceError *err)
{
	unsigned char data_key[DATA_KEY_BYTES];
	bool good;

	if (strcmp(sealed->version, to->version) == 0)
		return true;
	good = open_data_key(from, place, sealed, data_key, err);
	if (good)
	{
		free(sealed->data_key.bytes);
		sealed->data_key = (Box){0};
		memcpy(sealed->version, to->version, sizeof(sealed->version));
		good = close_box(to->bytes, place, to->version, data_key, sizeof(data_key),
						 &sealed->data_key, err);
	}
	sodium_memzero(data_key, sizeof(data_key));
	return good;
}

char *
reseal(const MasterKey *from, const MasterKey *to, const SealPlace *place, const char *sealed_text,
	   SluiceError *err)
{
	Sealed sealed;
	char *text = NULL;

	if (sealed_read(sealed_text, &sealed, err) && reseal_data_key(from, to, place, &sealed, err))
		text = sealed_write(&sealed, err);
	sealed_free(&sealed);
	return text;
}
