// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - signatures
 *
 * The tests sign with the key whose certificate is built into the kernel
 * (CONFIG_SYSTEM_TRUSTED_KEYS), because their policies depend on the state of
 * the machine: on digests of volumes, and on versions that only increase.
 */
#include <arpa/inet.h>
#include <limits.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
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
 * A cache of signed messages, for tests that sign the same text again: in
 * emulation, signing takes longer than the rest of the test. Children share it;
 * no two of them sign at the same time.
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
/* No test signs a longer message twice. */
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
 * Reads {trusted,untrusted}.{key,crt} from a directory. Call it before the
 * tests fork, so that each has them.
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

static int sign_pkcs7(const struct signer *signer, STACK_OF(X509) *chain,
		      BIO *in, BIO *out, unsigned int flags)
{
	int options = PKCS7_BINARY | PKCS7_NOSMIMECAP;
	PKCS7 *message;
	int err = -EIO;

	if (!(flags & SIGN_ATTRIBUTES))
		options |= PKCS7_NOATTR;
	if (flags & (SIGN_DETACHED | SIGN_APPENDED))
		options |= PKCS7_DETACHED;
	if (flags & SIGN_BARE)
		options |= PKCS7_NOCERTS;

	if (flags & (SIGN_BY_NOBODY | SIGN_BY_BOTH))
		message = PKCS7_sign(NULL, NULL, NULL, in,
				     options | PKCS7_PARTIAL);
	else
		message = PKCS7_sign(signer->cert, signer->key, chain, in,
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

/* Only the streaming writer of CMS leaves lengths indefinite (30 80 ... 00 00). */
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

/* Concatenates text, signature, trailer and magic. */
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

static int sign(const void *text, size_t len, const struct signer *signer,
		STACK_OF(X509) *chain, unsigned int flags, struct blob *out)
{
	BIO *in, *to;
	int err;

	in = BIO_new_mem_buf(text, len);
	to = BIO_new(BIO_s_mem());
	if (!in || !to)
		err = -ENOMEM;
	else if (flags & SIGN_INDEFINITE)
		err = sign_indefinite(signer, in, to);
	else
		err = sign_pkcs7(signer, chain, in, to, flags);
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
	const struct signer *const signer = flags & SIGN_UNTRUSTED ?
						    &untrusted :
						    &trusted;
	unsigned char key[SHA256_DIGEST_LENGTH];
	int err;

	out->data = NULL;
	out->len = 0;
	if (!sign_possible())
		return -ENOKEY;
	if (len > STORED_MAX)
		return sign(text, len, signer, NULL, flags, out);
	store_key(text, len, flags, key);
	if (find_stored(key, out))
		return 0;
	err = sign(text, len, signer, NULL, flags, out);
	if (!err)
		keep(key, out);
	return err;
}

/* The certificate of the trusted key, in the form that keyrings accept. */
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

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX context;
	bool done;

	if (!value)
		return true;
	X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	done = extension && X509_add_ext(cert, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return done;
}

/* Creates a certificate; NULL if that fails. */
static X509 *certify(const struct new_certificate *what,
		     const struct signer *issuer)
{
	static unsigned int number = 1;
	X509 *cert = X509_new(), *by = issuer ? issuer->cert : cert;
	X509_NAME *name = X509_NAME_new();
	const ASN1_OCTET_STRING *id;
	char key_id[2 * 32 + 1];
	bool done;
	int i;

	/*
	 * The kernel looks up keys by this identifier, and all of these have
	 * the same key.
	 */
	snprintf(key_id, sizeof(key_id), "%08x%08x", getpid(), number);
	if (what->as_trusted) {
		id = X509_get0_subject_key_id(trusted.cert);
		for (i = 0; id && i < ASN1_STRING_length(id) && i < 32; i++)
			snprintf(key_id + 2 * i, 3, "%02x",
				 ASN1_STRING_get0_data(id)[i]);
	}

	done = cert && name && X509_set_version(cert, 2) &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					  (const unsigned char *)"new", -1, -1,
					  0) &&
	       ASN1_INTEGER_set(X509_get_serialNumber(cert),
				getpid() * 1000L + number++) &&
	       X509_set_subject_name(cert, name) &&
	       X509_set_pubkey(cert, untrusted.key) &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), what->from) &&
	       X509_gmtime_adj(X509_getm_notAfter(cert), what->until);
	if (done && what->as_trusted)
		done = X509_set_serialNumber(
			       cert,
			       X509_get_serialNumber(trusted.cert)) &&
		       X509_set_subject_name(
			       cert, X509_get_subject_name(trusted.cert));
	done = done &&
	       X509_set_issuer_name(cert, X509_get_subject_name(by)) &&
	       add_extension(cert, by, NID_subject_key_identifier, key_id) &&
	       add_extension(cert, by, NID_authority_key_identifier,
			     "keyid:always") &&
	       add_extension(cert, by, NID_basic_constraints,
			     what->constraints) &&
	       add_extension(cert, by, NID_key_usage, what->usage) &&
	       add_extension(cert, by, NID_ext_key_usage,
			     what->extended_usage) &&
	       X509_sign(cert, issuer ? issuer->key : untrusted.key,
			 EVP_sha256());
	X509_NAME_free(name);
	if (!done) {
		X509_free(cert);
		return NULL;
	}
	return cert;
}

/* The digest that revokes a certificate, in the form that keyrings accept. */
static int digest_tbs(X509 *cert, char tbs[65])
{
	unsigned char *der = NULL;
	int i, err, len = i2d_re_X509_tbs(cert, &der);

	if (len <= 0)
		return -EIO;
	err = sign_sha256(der, len, tbs);
	OPENSSL_free(der);
	for (i = 0; !err && tbs[i]; i++)
		tbs[i] |= 0x20;
	return err;
}

/*
 * Signs with a new certificate; the message contains it and those between it
 * and the trusted one. If tbs is not NULL, it receives the digest that would
 * revoke the certificate.
 */
int sign_by_new(const void *text, size_t len,
		const struct new_certificate *who, unsigned int flags,
		struct blob *out, char tbs[65])
{
	static const struct new_certificate between = {
		.issuer = BY_TRUSTED,
		.until = 3600,
		.constraints = "critical,CA:FALSE",
	};
	struct signer signer = { .key = untrusted.key }, issuer = signer;
	STACK_OF(X509) *chain = sk_X509_new_null();
	int err = -EIO;

	if (!chain)
		return -ENOMEM;
	switch (who->issuer) {
	case BY_ITSELF:
		signer.cert = certify(who, NULL);
		break;
	case BY_TRUSTED:
		signer.cert = certify(who, &trusted);
		break;
	case BY_OTHER_NEW:
		issuer.cert = certify(&between, &trusted);
		if (issuer.cert && sk_X509_push(chain, issuer.cert))
			signer.cert = certify(who, &issuer);
		break;
	}
	if (who->beside_trusted && X509_up_ref(trusted.cert) &&
	    !sk_X509_push(chain, trusted.cert))
		X509_free(trusted.cert);
	if (signer.cert)
		err = sign(text, len, &signer, chain, flags, out);
	if (!err && tbs)
		err = digest_tbs(signer.cert, tbs);
	X509_free(signer.cert);
	X509_free(issuer.cert);
	if (who->beside_trusted)
		X509_free(sk_X509_pop(chain));
	sk_X509_free(chain);
	return err;
}

/* In upper case, as audit records show digests. */
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
