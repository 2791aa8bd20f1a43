// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who signed a PKCS#7 message. No public header tells, and neither does
 * verify_pkcs7_signature().
 */
#include <linux/err.h>
#include <linux/verification.h>

#include "pkcs7_parser.h"

#include "signer.h"

/*
 * For a message that was verified: by the key of this certificate, too, if there is one
 * (pkcs7_verify_one()). Not every byte of the certificate is verified.
 */
static void note_signer(const struct pkcs7_message *pkcs7,
			struct rust_lsm_signer *signer)
{
	const struct pkcs7_signed_info *info;
	const struct x509_certificate *cert;

	for (info = pkcs7->signed_infos; info; info = info->next)
		signer->number++;
	if (signer->number != 1)
		return;
	cert = pkcs7->signed_infos->signer;
	if (!cert)
		return;
	/* From the first field, that is signed, to the last, the signature. */
	signer->fields = cert->tbs;
	signer->length = cert->raw_sig + cert->raw_sig_size - cert->tbs;
}

int rust_lsm_verify_pkcs7(const void *data, size_t len, const void *message,
			  size_t message_len, struct key *keyring,
			  int (*view_content)(void *context, const void *data,
					      size_t len, size_t asn1hdrlen),
			  void *context, struct rust_lsm_signer *signer)
{
	struct pkcs7_message *pkcs7;
	int err;

	pkcs7 = pkcs7_parse_message(message, message_len);
	if (IS_ERR(pkcs7))
		return PTR_ERR(pkcs7);
	err = verify_pkcs7_message_sig(data, len, pkcs7, keyring,
				       VERIFYING_UNSPECIFIED_SIGNATURE,
				       view_content, context);
	if (!err)
		note_signer(pkcs7, signer);
	pkcs7_free_message(pkcs7);
	return err;
}
