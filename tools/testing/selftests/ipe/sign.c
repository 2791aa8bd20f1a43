// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - signatures
 *
 * The tests sign with the key whose certificate was built into the kernel
 * (CONFIG_SYSTEM_TRUSTED_KEYS), because what they try depends on the state of
 * the machine: digests of volumes, versions that only rise.
 */
#include <arpa/inet.h>
#include <limits.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <sys/mman.h>

#include "common.h"

#define MODULE_SIG_STRING "~Module signature appended~\n"
#define PKEY_ID_PKCS7 2

struct module_signature {
	uint8_t algo;
	uint8_t hash;
	uint8_t id_type;
	uint8_t signer_len;
	uint8_t key_id_len;
	uint8_t pad[3];
	uint32_t sig_len;
};

struct signer {
	EVP_PKEY *key;
	X509 *cert;
};

static struct signer trusted, untrusted;

/*
 * What was signed, for the tests that sign the same once more: in emulation it
 * takes longer than all that they do with it. Shared with those who fork; no
 * two of them sign at a time.
 */
static struct store {
	size_t used;
	unsigned char data[8 * MIB];
} *store;

struct stored {
	unsigned char key[SHA256_DIGEST_LENGTH];
	size_t len;
	unsigned char message[];
};

#define STORED_SIZE(len) ((sizeof(struct stored) + (len) + 15) & ~15UL)
/* Longer ones are not signed twice. */
#define STORED_MAX 32768

void blob_free(struct blob *blob)
{
	free(blob->data);
	blob->data = NULL;
	blob->len = 0;
}

static int load_signer(struct signer *signer, const char *keys,
		       const char *name)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.key", keys, name);
	file = fopen(path, "r");
	if (!file)
		return -errno;
	signer->key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	fclose(file);

	snprintf(path, sizeof(path), "%s/%s.crt", keys, name);
	file = fopen(path, "r");
	if (!file)
		return -errno;
	signer->cert = PEM_read_X509(file, NULL, NULL, NULL);
	fclose(file);

	return signer->key && signer->cert ? 0 : -EBADMSG;
}

/*
 * Reads {trusted,untrusted}.{key,crt} of a folder. Called before the tests
 * fork, so that each has them at once.
 */
int sign_setup(const char *keys)
{
	int err;

	store = mmap(NULL, sizeof(*store), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (store == MAP_FAILED)
		return -errno;
	err = load_signer(&trusted, keys, "trusted");
	if (err)
		return err;
	return load_signer(&untrusted, keys, "untrusted");
}

static void store_key(const void *text, size_t len, unsigned int flags,
		      unsigned char key[SHA256_DIGEST_LENGTH])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	EVP_DigestInit_ex(context, EVP_sha256(), NULL);
	EVP_DigestUpdate(context, &flags, sizeof(flags));
	EVP_DigestUpdate(context, text, len);
	EVP_DigestFinal_ex(context, key, NULL);
	EVP_MD_CTX_free(context);
}

static bool find_stored(const unsigned char *key, struct blob *out)
{
	const struct stored *entry;
	size_t at;

	for (at = 0; at < store->used; at += STORED_SIZE(entry->len)) {
		entry = (const struct stored *)(store->data + at);
		if (memcmp(entry->key, key, sizeof(entry->key)))
			continue;
		out->data = malloc(entry->len);
		if (!out->data)
			return false;
		memcpy(out->data, entry->message, entry->len);
		out->len = entry->len;
		return true;
	}
	return false;
}

static void keep(const unsigned char *key, const struct blob *message)
{
	struct stored *entry = (struct stored *)(store->data + store->used);

	if (message->len > STORED_MAX ||
	    store->used + STORED_SIZE(message->len) > sizeof(store->data))
		return;
	memcpy(entry->key, key, sizeof(entry->key));
	memcpy(entry->message, message->data, message->len);
	entry->len = message->len;
	store->used += STORED_SIZE(message->len);
}

bool sign_possible(void)
{
	return trusted.key && trusted.cert;
}

static int bio_to_blob(BIO *bio, struct blob *out)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	if (len <= 0)
		return -EIO;
	out->data = malloc(len);
	if (!out->data)
		return -ENOMEM;
	memcpy(out->data, data, len);
	out->len = len;
	return 0;
}

static int sign_pkcs7(const struct signer *signer, BIO *in, BIO *out,
		      unsigned int flags)
{
	int options = PKCS7_BINARY | PKCS7_NOSMIMECAP;
	PKCS7 *message;
	int err = -EIO;

	if (!(flags & SIGN_ATTRIBUTES))
		options |= PKCS7_NOATTR;
	if (flags & (SIGN_DETACHED | SIGN_APPENDED))
		options |= PKCS7_DETACHED;

	if (flags & (SIGN_BY_NOBODY | SIGN_BY_BOTH))
		message = PKCS7_sign(NULL, NULL, NULL, in,
				     options | PKCS7_PARTIAL);
	else
		message = PKCS7_sign(signer->cert, signer->key, NULL, in,
				     options);
	if (!message)
		return -EIO;
	if (flags & SIGN_BY_BOTH &&
	    (!PKCS7_sign_add_signer(message, untrusted.cert, untrusted.key,
				    NULL, options) ||
	     !PKCS7_sign_add_signer(message, trusted.cert, trusted.key, NULL,
				    options)))
		goto out;
	if (flags & (SIGN_BY_NOBODY | SIGN_BY_BOTH) &&
	    PKCS7_final(message, in, options) != 1)
		goto out;
	if (i2d_PKCS7_bio(out, message) == 1)
		err = 0;
out:
	PKCS7_free(message);
	return err;
}

/* Only the streaming writer of CMS leaves lengths open (30 80 ... 00 00). */
static int sign_indefinite(const struct signer *signer, BIO *in, BIO *out)
{
	const int options = CMS_BINARY | CMS_NOATTR | CMS_NOSMIMECAP |
			    CMS_STREAM;
	CMS_ContentInfo *message;
	int err = 0;

	message = CMS_sign(signer->cert, signer->key, NULL, in, options);
	if (!message)
		return -EIO;
	if (i2d_CMS_bio_stream(out, message, in, options) != 1)
		err = -EIO;
	CMS_ContentInfo_free(message);
	return err;
}

/* Puts text, signature, trailer and magic in a row. */
static int append_signature(const void *text, size_t len, struct blob *blob)
{
	const struct module_signature trailer = {
		.id_type = PKEY_ID_PKCS7,
		.sig_len = htonl(blob->len),
	};
	const size_t total = len + blob->len + sizeof(trailer) +
			     strlen(MODULE_SIG_STRING);
	unsigned char *data, *at;

	data = malloc(total);
	if (!data)
		return -ENOMEM;
	at = mempcpy(data, text, len);
	at = mempcpy(at, blob->data, blob->len);
	at = mempcpy(at, &trailer, sizeof(trailer));
	memcpy(at, MODULE_SIG_STRING, strlen(MODULE_SIG_STRING));

	free(blob->data);
	blob->data = data;
	blob->len = total;
	return 0;
}

static int sign(const void *text, size_t len, unsigned int flags,
		struct blob *out)
{
	const struct signer *signer = &trusted;
	BIO *in, *to;
	int err;

	if (flags & SIGN_UNTRUSTED)
		signer = &untrusted;

	in = BIO_new_mem_buf(text, len);
	to = BIO_new(BIO_s_mem());
	if (!in || !to)
		err = -ENOMEM;
	else if (flags & SIGN_INDEFINITE)
		err = sign_indefinite(signer, in, to);
	else
		err = sign_pkcs7(signer, in, to, flags);
	if (!err)
		err = bio_to_blob(to, out);
	BIO_free(in);
	BIO_free(to);

	if (!err && (flags & SIGN_APPENDED))
		err = append_signature(text, len, out);
	return err;
}

int sign_blob(const void *text, size_t len, unsigned int flags,
	      struct blob *out)
{
	unsigned char key[SHA256_DIGEST_LENGTH];
	int err;

	out->data = NULL;
	out->len = 0;
	if (!sign_possible())
		return -ENOKEY;
	if (len > STORED_MAX)
		return sign(text, len, flags, out);
	store_key(text, len, flags, key);
	if (find_stored(key, out))
		return 0;
	err = sign(text, len, flags, out);
	if (!err)
		keep(key, out);
	return err;
}

/* The certificate of the trusted key, as keyrings take it. */
int sign_certificate(struct blob *out)
{
	BIO *to;
	int err = -EIO;

	out->data = NULL;
	out->len = 0;
	if (!sign_possible())
		return -ENOKEY;
	to = BIO_new(BIO_s_mem());
	if (to && i2d_X509_bio(to, trusted.cert) == 1)
		err = bio_to_blob(to, out);
	BIO_free(to);
	return err;
}

/* As audit records show digests: upper case. */
int sign_sha256(const void *data, size_t len, char hex[65])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int i, size;

	if (EVP_Digest(data, len, digest, &size, EVP_sha256(), NULL) != 1)
		return -EIO;
	for (i = 0; i < size; i++)
		snprintf(hex + 2 * i, 3, "%02X", digest[i]);
	return 0;
}
