/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The functions of signer.c.
 */
#ifndef _RUST_LSM_SIGNER_H
#define _RUST_LSM_SIGNER_H

#include <linux/types.h>
#include <linux/verification.h>

struct key;

/* Who signed a message. */
struct rust_lsm_signer {
	/* The number of signers. */
	unsigned int number;
	/*
	 * The fields of the certificate of the only signer, behind its header, if the
	 * message has this certificate. Its key has verified the message.
	 */
	const void *fields;
	size_t length;
};

/* As verify_pkcs7_signature(), which does not tell the signer. */
int rust_lsm_verify_pkcs7(const void *data, size_t len, const void *message,
			  size_t message_len, struct key *keyring,
			  int (*view_content)(void *context, const void *data,
					      size_t len, size_t asn1hdrlen),
			  void *context, struct rust_lsm_signer *signer);

#endif /* _RUST_LSM_SIGNER_H */
