#include "core/deliver/standard_webhooks.h"

#include "base/base64.h"
#include "base/hash.h"

static const struct voc_str secret_prefix = { "whsec_", 6 };

bool voc_webhook_secret_parse(struct voc_str text, struct voc_webhook_secret *ret_secret)
{
	struct voc_webhook_secret secret = { 0 };
	if (!voc_str_starts_with(text, secret_prefix))
		return false;
	struct voc_str digits = voc_str_of(text.ptr + secret_prefix.len, text.len - secret_prefix.len);
	if (!voc_base64_decode(digits, secret.bytes, sizeof secret.bytes, &secret.len) ||
	    secret.len < VOC_WEBHOOK_SECRET_MIN_BYTES)
		return false;
	*ret_secret = secret;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next word; empty at the end. */
static struct voc_str take_word(struct voc_str *rest)
{
	size_t start = 0;
	while (start < rest->len && is_blank(rest->ptr[start]))
		start++;
	size_t end = start;
	while (end < rest->len && !is_blank(rest->ptr[end]))
		end++;
	struct voc_str word = voc_str_of(rest->ptr + start, end - start);
	*rest = voc_str_of(rest->ptr + end, rest->len - end);
	return word;
}

bool voc_webhook_secrets_parse(struct voc_str text, struct voc_webhook_secret *ret_secret,
                               struct voc_webhook_secret *ret_older)
{
	struct voc_webhook_secret secret, older = { .len = 0 };
	struct voc_str first = take_word(&text), second = take_word(&text), third = take_word(&text);
	bool good = third.len == 0 && voc_webhook_secret_parse(first, &secret) &&
	            (second.len == 0 || voc_webhook_secret_parse(second, &older));
	if (good) {
		*ret_secret = secret;
		*ret_older = older;
	}
	return good;
}

bool voc_webhook_id_valid(struct voc_str id)
{
	if (id.len == 0 || id.len > VOC_WEBHOOK_ID_MAX_BYTES)
		return false;
	for (size_t at = 0; at < id.len; at++)
		if (id.ptr[at] <= ' ' || id.ptr[at] > '~' || id.ptr[at] == '.')
			return false;
	return true;
}

bool voc_webhook_sign(struct voc_buf *buf, const struct voc_webhook_secret *secret, struct voc_str id,
                      int64_t timestamp_s, struct voc_str body)
{
	struct voc_buf signed_content;
	voc_buf_init(&signed_content, id.len + body.len + 32);
	voc_buf_add_str(&signed_content, id);
	voc_buf_add_char(&signed_content, '.');
	voc_buf_add_i64(&signed_content, timestamp_s);
	voc_buf_add_char(&signed_content, '.');
	bool whole = voc_buf_add_str(&signed_content, body);
	unsigned char digest[VOC_SHA256_BYTES];
	voc_hmac_sha256(voc_str_of((const char *)secret->bytes, secret->len), voc_buf_str(&signed_content), digest);
	voc_buf_free(&signed_content);
	return whole && voc_buf_add_str(buf, VOC_STR("v1,")) &&
	       voc_base64_encode(buf, voc_str_of((const char *)digest, sizeof digest));
}
