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
#include <openssl/x509.h>

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

	err = load_signer(&trusted, keys, "trusted");
	if (err)
		return err;
	return load_signer(&untrusted, keys, "untrusted");
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

int sign_blob(const void *text, size_t len, unsigned int flags,
	      struct blob *out)
{
	const struct signer *signer = &trusted;
	BIO *in, *to;
	int err;

	out->data = NULL;
	out->len = 0;
	if (!sign_possible())
		return -ENOKEY;
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
