/*
 * Hashes, each for one purpose. All are pure and safe from any thread.
 */
#ifndef VOC_BASE_HASH_H
#define VOC_BASE_HASH_H

#include "base/str.h"

/* XXH64 with seed 0 (libxxhash): hash tables, and the identity of an event in a customer's ring. */
uint64_t voc_hash64(struct voc_str s);

/* Kafka's murmur2, and the partition that every Java client gives this key: (murmur2 & 0x7fffffff) % partitions, of
 * which there is one at least. */
uint32_t voc_murmur2(struct voc_str key);
int32_t voc_partition_of(struct voc_str key, int32_t partitions);

/* SHA-1 (FIPS 180-4): the name that Redis gives a script; for nothing that must be safe from an attacker. */
#define VOC_SHA1_BYTES 20
void voc_sha1(struct voc_str s, unsigned char ret_digest[VOC_SHA1_BYTES]);

#define VOC_SHA256_BYTES 32
/* SHA-256 (FIPS 180-4) and HMAC-SHA256 (RFC 2104), by libcrypto. */
void voc_sha256(struct voc_str s, unsigned char ret_digest[VOC_SHA256_BYTES]);
void voc_hmac_sha256(struct voc_str key, struct voc_str message, unsigned char ret_digest[VOC_SHA256_BYTES]);

/* Lower-case hexadecimal; `to` needs 2 * len + 1 bytes. */
void voc_hex(const unsigned char *bytes, size_t len, char *to);

#endif
