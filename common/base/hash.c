#include "base/hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <xxhash.h>

uint64_t voc_hash64(struct voc_str s)
{
	return XXH64(s.len > 0 ? s.ptr : "", s.len, 0);
}

/* As org.apache.kafka.common.utils.Utils.murmur2: 32 bits, seed 0x9747b28c, little-endian words. */
uint32_t voc_murmur2(struct voc_str key)
{
	const uint32_t m = 0x5bd1e995;
	const unsigned char *bytes = (const unsigned char *)key.ptr;
	size_t len = key.len;
	uint32_t h = 0x9747b28cU ^ (uint32_t)len;
	for (; len >= 4; bytes += 4, len -= 4) {
		uint32_t k = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
		             (uint32_t)bytes[3] << 24;
		k *= m;
		k ^= k >> 24;
		k *= m;
		h = h * m ^ k;
	}
	if (len >= 3)
		h ^= (uint32_t)bytes[2] << 16;
	if (len >= 2)
		h ^= (uint32_t)bytes[1] << 8;
	if (len >= 1) {
		h ^= (uint32_t)bytes[0];
		h *= m;
	}
	h ^= h >> 13;
	h *= m;
	return h ^ h >> 15;
}

int32_t voc_partition_of(struct voc_str key, int32_t partitions)
{
	return (int32_t)(voc_murmur2(key) & 0x7fffffffU) % partitions;
}

void voc_sha1(struct voc_str s, unsigned char ret_digest[VOC_SHA1_BYTES])
{
	if (EVP_Digest(s.len > 0 ? s.ptr : "", s.len, ret_digest, NULL, EVP_sha1(), NULL) != 1)
		abort();
}

void voc_sha256(struct voc_str s, unsigned char ret_digest[VOC_SHA256_BYTES])
{
	/* Fails only where libcrypto cannot run at all: nothing sensible could follow. */
	if (EVP_Digest(s.len > 0 ? s.ptr : "", s.len, ret_digest, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

void voc_hmac_sha256(struct voc_str key, struct voc_str message, unsigned char ret_digest[VOC_SHA256_BYTES])
{
	const char *bytes = key.len > 0 ? key.ptr : "";
	const char *text = message.len > 0 ? message.ptr : "";
	if (!HMAC(EVP_sha256(), bytes, (int)key.len, (const unsigned char *)text, message.len, ret_digest, NULL))
		abort();
}

void voc_hex(const unsigned char *bytes, size_t len, char *to)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t at = 0; at < len; at++) {
		to[2 * at] = digits[bytes[at] >> 4];
		to[2 * at + 1] = digits[bytes[at] & 15];
	}
	to[2 * len] = '\0';
}
